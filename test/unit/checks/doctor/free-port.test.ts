import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/base/wait.ts";
import { thisMachine } from "../../../../src/checks/doctor/machine.ts";

const machine = thisMachine(systemClock);

async function listening(): Promise<Server & { readonly port: number } & AsyncDisposable> {
  const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return Object.assign(server, {
    port,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => void server.close(() => done())),
  });
}

/** Returns a port in TIME_WAIT, which the system keeps for a minute after a connection. */
async function portOfEnded(server: { readonly port: number }): Promise<number> {
  const socket: Socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  const { localPort = 0 } = socket;
  socket.end();
  await once(socket.resume(), "close");
  return localPort;
}

describe("a port of this machine", () => {
  it("is not free while a process listens on it, on this address or on all", async () => {
    await using server = await listening();
    expect(await machine.portIsFree(server.port, "127.0.0.1")).toBe(false);
    expect(await machine.portIsFree(server.port, "0.0.0.0")).toBe(false);
  });

  it("is free while no process listens on it, also in TIME_WAIT", async () => {
    await using server = await listening();
    const ended = await portOfEnded(server);
    const again = createServer();
    const had = await new Promise((settle) => {
      again.once("listening", () => settle(true)).once("error", () => settle(false));
      again.listen(ended, "127.0.0.1");
    });
    again.close();
    // Other systems give such a port at once.
    if (process.platform === "linux") expect(had).toBe(false);
    expect(await machine.portIsFree(ended, "127.0.0.1")).toBe(true);
  });
});
