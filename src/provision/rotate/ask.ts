import { CodedError, ERROR_CODES, type ErrorCode } from "../../base/errors.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { PROVISIONER } from "../../stack/service-names.ts";
import type { RotateAnswer, RotateRequest, RotatingProject } from "../rotate.ts";
import { PROGRAM } from "../verify/read.ts";

/** What needs the server's token is done in a container of the provisioner's service. */
export type AskProvisioner = (request: RotateRequest) => Promise<readonly RotatingProject[]>;

export function provisionerOf(docker: Docker): AskProvisioner {
  return async (request) => {
    const lines: RotateAnswer[] = [];
    const { code, signal, stderr } = await docker.compose.run(PROVISIONER, [PROGRAM, "rotate"], {
      entrypoint: "node",
      stdin: JSON.stringify(request),
      onStdoutLine: (text) => lines.push(...parse(text)),
    });
    const [answer] = lines;
    if (answer === undefined) {
      throw new CodedError("GC1605", `the provisioner ended without an answer (exit ${code ?? signal})`, {
        problems: lastLines(stderr, 5),
        remedy: "Where .glitchtip is of an earlier version: npx glitchtip-compose init, then run it again.",
      });
    }
    if ("projects" in answer) return answer.projects;
    const { message, ...detail } = answer.error;
    throw new CodedError(detail.code, message, detail);
  };
}

/** Compose may write lines of its own between ours. */
function parse(text: string): RotateAnswer[] {
  try {
    const line = JSON.parse(text);
    if (Array.isArray(line?.projects)) return [line];
    return isCode(line?.error?.code) ? [line] : [];
  } catch {
    return [];
  }
}

const isCode = (code: unknown): code is ErrorCode => typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
