import { defined } from "../base/defined.ts";
import { CodedError, ERROR_CODES, type ErrorCode } from "../base/errors.ts";
import type { ProcessResult } from "../base/process.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { PROVISIONER, PROVISIONER_PROGRAM } from "../stack/service-names.ts";
import type { ReadBackLine, ReadBackRequest } from "./read-back.ts";
import type { RotateAnswer, RotateRequest, RotatingProject } from "./rotate/execute.ts";

/** What needs the server's token runs in a container of the provisioner's service. */
export type AskRotation = (request: RotateRequest) => Promise<readonly RotatingProject[]>;

/** Runs the steps of a rotation in the provisioner's service. An error of the provisioner is thrown with its code. */
export function rotationAsker(docker: Docker): AskRotation {
  return async (request) => {
    const lines: RotateAnswer[] = [];
    const { code, signal, stderr } = await docker.compose.run(PROVISIONER, [PROVISIONER_PROGRAM, "rotate"], {
      entrypoint: "node",
      stdin: JSON.stringify(request),
      onStdoutLine: (text) => lines.push(...parseRotateAnswer(text)),
    });
    const [answer] = lines;
    if (answer === undefined) {
      throw new CodedError("GC1605", `the provisioner ended without an answer (exit ${code ?? signal})`, {
        problems: lastLines(stderr, 5),
        remedy:
          "If .glitchtip was written by an earlier version: npx glitchtip-compose init, then run this command again.",
      });
    }
    if ("projects" in answer) return answer.projects;
    const { message, ...detail } = answer.error;
    throw new CodedError(detail.code, message, detail);
  };
}

/** Returns nothing for lines that Compose writes between ours. */
function parseRotateAnswer(text: string): RotateAnswer[] {
  try {
    const line = JSON.parse(text);
    if (Array.isArray(line?.projects)) return [line];
    return isErrorCode(line?.error?.code) ? [line] : [];
  } catch {
    return [];
  }
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === "string" && Object.hasOwn(ERROR_CODES, code);

/** Looks for events in a container of the provisioner's service, and reports each line of its answer as it comes. */
export function askReadBack(
  docker: Docker,
  request: ReadBackRequest,
  onLine: (line: ReadBackLine) => void,
  signal?: AbortSignal,
): Promise<ProcessResult> {
  return docker.compose.run(PROVISIONER, [PROVISIONER_PROGRAM, "read-back"], {
    entrypoint: "node",
    stdin: JSON.stringify(request),
    ...defined({ signal }),
    onStdoutLine(text) {
      const line = parseReadBackLine(text);
      if (line !== undefined) onLine(line);
    },
  });
}

/** Returns undefined for lines that Compose writes between ours. */
function parseReadBackLine(text: string): ReadBackLine | undefined {
  try {
    const line = JSON.parse(text);
    return typeof line?.app === "string" && typeof line.found === "boolean" ? line : undefined;
  } catch {
    return undefined;
  }
}
