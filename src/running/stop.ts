import { CodedError } from "../base/errors.ts";
import { type Container, type Docker, lastLines } from "../docker/index.ts";
import { SERVER } from "../stack/service-names.ts";

/** Stops these services, whatever their profile. Throws GC1604. */
export async function stopServices(docker: Docker, services: readonly string[], signal: AbortSignal): Promise<void> {
  // Without a name Compose would stop all of them.
  if (services.length === 0) return;
  const result = await docker.cli(["compose", "--profile", "*", "stop", ...services], { signal });
  if (result.code === 0) return;
  throw new CodedError("GC1604", "docker compose stop failed", { problems: lastLines(result.stderr, 3) });
}

/** valkey-cli reports a refusal on stdout, with exit code 0. */
const HOLD = `programs hold
if [ -n "$VALKEY_URL" ] && [ "$(valkey-cli flushall)" != OK ]; then echo "the queue cannot be emptied" >&2; exit 1; fi`;

/**
 * Stops everything but the database in the single container, and keeps it stopped over restarts of the container.
 * Empties the queue too, as removing the container of a separate Valkey would.
 */
export async function holdPrograms(docker: Docker, server: Container | undefined): Promise<void> {
  const { code, stderr } =
    server?.state === "running"
      ? await docker.cli(["exec", server.id, "sh", "-ec", HOLD])
      : await docker.compose.run(SERVER, ["-c", ": >/data/hold"], { entrypoint: "sh" });
  if (code === 0) return;
  throw new CodedError("GC1605", "web and worker could not be stopped", { problems: lastLines(stderr, 3) });
}

/** Ends the hold: with its next start the container runs the migrations, then everything. False if there was no hold. */
export async function releasePrograms(docker: Docker, signal: AbortSignal): Promise<boolean> {
  const { code, stdout, stderr } = await docker.compose.run(SERVER, ["release"], { entrypoint: "programs", signal });
  if (code !== 0) throw new CodedError("GC1605", `${SERVER} stays held`, { problems: lastLines(stderr, 3) });
  return /released/.test(stdout);
}

/** Ends the hold and restarts the container, so that its programs run again. */
export async function resumePrograms(docker: Docker, signal: AbortSignal): Promise<void> {
  if (await releasePrograms(docker, signal)) await docker.cli(["compose", "restart", "--no-deps", SERVER], { signal });
}
