import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { askValkey } from "../../src/care/service/valkey.ts";

let server: Server | undefined;
const got: string[] = [];
afterEach(() => {
  server?.close();
  got.length = 0;
});

/** Starts a server that answers each command with the next answer, and records what it received. */
async function valkeyThat(...answers: readonly string[]): Promise<string> {
  const server = answering(answers);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answering(answers: readonly string[]): Server {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      got.push(...(chunk.toString().match(/^(?![*$]).+$/gm) ?? []).map((word) => word.trim()));
      socket.write(answers.join(""));
      if (answers.length === 0) socket.destroy();
    });
  });
  return server;
}

it("is well when it answers, and counts the waiting jobs where it is the broker", async () => {
  expect(await askValkey(`redis://${await valkeyThat("+PONG\r\n")}`, undefined)).toEqual({});
  expect(await askValkey(`redis://${await valkeyThat("+OK\r\n", "+PONG\r\n", ":7\r\n")}/0`, "celery")).toEqual({
    waiting: 7,
  });
  expect(got).toEqual(["PING", "SELECT", "0", "PING", "LLEN", "celery"]);
});

it("counts the jobs in both lists of generation 6", async () => {
  const address = `redis://${await valkeyThat("+PONG\r\n", ":7\r\n", ":2\r\n")}`;
  expect(await askValkey(address, "vtasks")).toEqual({ waiting: 9 });
  expect(got).toEqual(["PING", "LLEN", "{vt}:q:default", "LLEN", "{vt}:q:ingest"]);
});

it("is reached by a Unix socket, as in the single container", async () => {
  const folder = mkdtempSync(join(tmpdir(), "care-valkey-"));
  const path = join(folder, "valkey.sock");
  const server = answering(["+PONG\r\n", ":3\r\n"]);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  expect(await askValkey(`unix:${path}`, "celery")).toEqual({ waiting: 3 });
  expect(got).toEqual(["PING", "LLEN", "celery"]);
  rmSync(folder, { recursive: true });
});

it("gets the decoded password of its address", async () => {
  await askValkey(`redis://:p%40ss@${await valkeyThat("+OK\r\n", "+PONG\r\n")}`, undefined);
  expect(got).toEqual(["AUTH", "p@ss", "PING"]);
});

it("is not well when it refuses the password, closes the connection, or does not listen", async () => {
  const refusing = await valkeyThat("-WRONGPASS invalid password\r\n");
  await expect(askValkey(`redis://:no@${refusing}`, undefined)).rejects.toThrow("WRONGPASS");
  server?.close();
  await expect(askValkey(`redis://${await valkeyThat()}`, undefined)).rejects.toThrow(/closed|ECONNRESET/);
  server?.close();
  await expect(askValkey("redis://127.0.0.1:1", undefined)).rejects.toThrow("ECONNREFUSED");
});
