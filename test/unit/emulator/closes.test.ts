import { Agent, request } from "node:http";
import { expect, it } from "vitest";
import { listen } from "../../../src/emulator/server.ts";
import { EmulatorState } from "../../../src/emulator/state.ts";
import { makeWorld } from "../../../src/emulator/world.ts";

/** Returns how two requests end, one right after the other, of a client that keeps its connection. */
async function twice(closes?: "openly" | "silently"): Promise<(number | string | undefined)[]> {
  const state = new EmulatorState();
  const world = makeWorld("5.2", { domain: () => "http://localhost:8000", now: () => Date.now() });
  const store = { use: async <T>(_: boolean, act: (state: EmulatorState) => T): Promise<T> => act(state) };
  const server = await listen({ world, store, host: "127.0.0.1", port: 0, ...(closes && { closes }) });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const get = () =>
    new Promise<number | string | undefined>((resolve) => {
      const sent = request({ agent, port: server.port, host: "127.0.0.1", path: "/api/settings/" }, (answer) => {
        answer.resume().once("end", () => resolve(answer.statusCode));
      });
      sent.once("error", (error: NodeJS.ErrnoException) => resolve(error.code)).end();
    });
  const outcomes = await Promise.all([get(), get()]);
  agent.destroy();
  await server.close();
  return outcomes;
}

it("a server that closes its connections silently resets a request that is sent on one, as uWSGI does", async () => {
  expect(await twice()).toEqual([200, 200]);
  expect(await twice("openly")).toEqual([200, 200]);
  expect(await twice("silently")).toEqual([200, "ECONNRESET"]);
});
