import * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { PROVISIONER } from "../running-stack.ts";
import type { ReadAnswer, Reader } from "./index.ts";

const PROGRAM = "/opt/glitchtip-compose/provisioner.mjs";

const line = z.discriminatedUnion("found", [
  z.object({ app: z.string(), found: z.literal(true), project: z.string() }),
  z.object({
    app: z.string(),
    found: z.literal(false),
    error: z.object({ code: z.string(), message: z.string() }),
  }),
]);

/** Reads the events back with the provisioner's own token, in a container of its service. */
export function provisionerReader(docker: Docker, withinMs: number): Reader {
  return async (events, answer, signal) => {
    const missing = new Set(events.map(({ app }) => app));
    const result = await docker.compose
      .run(PROVISIONER, [PROGRAM, "read-back"], {
        entrypoint: "node",
        stdin: JSON.stringify({ withinMs, resolve: true, events }),
        signal,
        onStdoutLine(text) {
          const parsed = parse(text);
          if (parsed === undefined) return;
          missing.delete(parsed.app);
          answer(parsed);
        },
      })
      .catch((error: unknown) => {
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

/** Compose may write lines of its own. */
function parse(text: string): ReadAnswer | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
