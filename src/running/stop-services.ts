import { CodedError } from "../base/errors.ts";
import { type Docker, lastLines } from "../docker/index.ts";

/** Of every profile; none where none is named. Throws GC1604. */
export async function stopServices(docker: Docker, services: readonly string[], signal: AbortSignal): Promise<void> {
  // Without a name Compose would stop all.
  if (services.length === 0) return;
  const result = await docker.cli(["compose", "--profile", "*", "stop", ...services], { signal });
  if (result.code === 0) return;
  throw new CodedError("GC1604", "docker compose stop failed", { problems: lastLines(result.stderr, 3) });
}
