import { dirname } from "node:path";
import { PROJECT_LABEL } from "../../../src/compose/labels.ts";
import { built } from "../../support/built.ts";
import { freePorts } from "./project.ts";
import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

/** A request takes so long that an apply of a hundred alerts is in progress for seconds. */
const SERVICE_MS = 60;

const PROGRAM = `
import { createServer } from "node:http";
const { startEmulator } = await import("/emulator/emulator.mjs");
const superuser = { email: "admin@example.com", password: "password-of-nobody" };
const slow = { serviceMs: ${SERVICE_MS}, atOnce: 1 };
const emulator = await startEmulator({ host: "0.0.0.0", port: 8000, superuser, seed: { projects: 1 }, slow });
const token = emulator.mintToken();
createServer((_, response) => {
  const writes = emulator.requests.filter(({ method }) => method !== "GET").length;
  response.end(JSON.stringify({ token, writes, alerts: emulator.snapshot().alerts.map(({ name }) => name) }));
}).listen(8001, "0.0.0.0");
`;

interface SlowServerState {
  readonly token: string;
  readonly writes: number;
  readonly alerts: readonly string[];
}

/** Starts a slow GlitchTip (the emulator) in a stack's network, where it is http://slow-server:8000. */
export async function startSlowServer({ name, project }: Stack) {
  const [port = 0] = await freePorts(1);
  const started = await project.docker([
    ...["run", "-d", "--init", "--name", `${name}-slow-server`, "--label", `${PROJECT_LABEL}=${name}`],
    ...["--network", `${name}_glitchtip`, "--network-alias", "slow-server", "-p", `127.0.0.1:${port}:8001`],
    ...["-v", `${dirname(built("emulator.mjs"))}:/emulator:ro`, "--entrypoint", "node", "node:24-slim"],
    ...["--input-type=module", "-e", PROGRAM],
  ]);
  if (started.code !== 0) throw new Error(started.stderr);
  return {
    state: () =>
      until("the state of the slow server", () =>
        fetch(`http://127.0.0.1:${port}`).then(
          async (answer) => (await answer.json()) as SlowServerState,
          () => undefined,
        ),
      ),
    remove: () => project.docker(["rm", "-f", `${name}-slow-server`]),
  };
}
