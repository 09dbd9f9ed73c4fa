import { dirname } from "node:path";
import { built } from "../../support/built.ts";
import { until } from "./until.ts";

/** One alert takes so long that an apply of a few dozen is in progress for seconds. */
const SERVICE_MS = 250;

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

/** A slow GlitchTip (the emulator) as a container of a stack, reached there as http://slow-server:8000. */
export function slowServer(port: number): { readonly compose: string; state(): Promise<SlowServerState> } {
  return {
    compose: JSON.stringify({
      services: {
        "slow-server": {
          image: "node:24-slim",
          init: true,
          entrypoint: ["node", "--input-type=module", "-e", PROGRAM],
          volumes: [`${dirname(built("emulator.mjs"))}:/emulator:ro`],
          ports: [`127.0.0.1:${port}:8001`],
          networks: ["glitchtip"],
        },
      },
    }),
    state: () =>
      until("the state of the slow server", () =>
        fetch(`http://127.0.0.1:${port}`).then(
          async (answer) => (await answer.json()) as SlowServerState,
          () => undefined,
        ),
      ),
  };
}
