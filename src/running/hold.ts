import { CodedError } from "../base/errors.ts";
import { type Container, type Docker, lastLines } from "../docker/index.ts";
import { SERVER } from "./running-stack.ts";

/** valkey-cli tells a refusal on stdout, with exit code 0. */
const HOLD = `programs hold
if [ -n "$VALKEY_URL" ] && [ "$(valkey-cli flushall)" != OK ]; then echo "the queue cannot be emptied" >&2; exit 1; fi`;

/** Only the database runs in the single container, whatever restarts it; the queue goes, as that of a Valkey of its own. */
export async function hold(docker: Docker, server: Container | undefined): Promise<void> {
  const { code, stderr } =
    server?.state === "running"
      ? await docker.cli(["exec", server.id, "sh", "-ec", HOLD])
      : await docker.compose.run(SERVER, ["-c", ": >/data/hold"], { entrypoint: "sh" });
  if (code === 0) return;
  throw new CodedError("GC1605", "web and worker could not be stopped", { problems: lastLines(stderr, 3) });
}

/** True where it was held: from its next start on everything runs, migrations first. */
export async function release(docker: Docker, signal: AbortSignal): Promise<boolean> {
  const { code, stdout, stderr } = await docker.compose.run(SERVER, ["release"], { entrypoint: "programs", signal });
  if (code !== 0) throw new CodedError("GC1605", `${SERVER} stays held`, { problems: lastLines(stderr, 3) });
  return /released/.test(stdout);
}

export async function releaseAndRestart(docker: Docker, signal: AbortSignal): Promise<void> {
  if (await release(docker, signal)) await docker.cli(["compose", "restart", "--no-deps", SERVER], { signal });
}
