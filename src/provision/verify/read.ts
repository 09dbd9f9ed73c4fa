import { CodedError } from "../../base/errors.ts";
import type { ProcessResult } from "../../base/process.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { PROVISIONER } from "../../stack/service-names.ts";
import type { ReadBackLine, ReadBackRequest } from "../read-back.ts";
import type { Reader } from "./index.ts";

/** Where the provisioner lies in its container. */
export const PROGRAM = "/opt/glitchtip-compose/provisioner.mjs";

/** Reads the events back with the provisioner's own token, in a container of its service. */
export function provisionerReader(docker: Docker, withinMs: number): Reader {
  return async (events, answer, signal) => {
    const missing = new Set(events.map(({ app }) => app));
    const request: ReadBackRequest = { withinMs, resolve: true, events: [...events] };
    const heard = (line: ReadBackLine) => {
      missing.delete(line.app);
      answer(line);
    };
    const result = await askProvisioner(docker, request, heard, signal).catch((error: unknown) => {
      // Ended by us: nobody waits for more.
      if (signal.aborted) return undefined;
      throw error;
    });
    if (result === undefined || missing.size === 0) return;
    throw new CodedError("GC1605", `the read-back ended without an answer (exit ${result.code ?? result.signal})`, {
      problems: lastLines(result.stderr, 5),
      remedy: "docker compose up -d --wait, then run it again.",
    });
  };
}

/** Lets the provisioner look for events in a container of its service; each line is handed on as it comes. */
export function askProvisioner(
  docker: Docker,
  request: ReadBackRequest,
  heard: (line: ReadBackLine) => void,
  signal?: AbortSignal,
): Promise<ProcessResult> {
  return docker.compose.run(PROVISIONER, [PROGRAM, "read-back"], {
    entrypoint: "node",
    stdin: JSON.stringify(request),
    ...(signal === undefined ? {} : { signal }),
    onStdoutLine(text) {
      const line = parse(text);
      if (line !== undefined) heard(line);
    },
  });
}

/** Compose may write lines of its own between ours. */
function parse(text: string): ReadBackLine | undefined {
  try {
    const line = JSON.parse(text);
    return typeof line?.app === "string" && typeof line.found === "boolean" ? line : undefined;
  } catch {
    return undefined;
  }
}
