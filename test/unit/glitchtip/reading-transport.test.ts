import { describe, expect, it } from "vitest";
import type { Transport } from "../../../src/glitchtip/transport.ts";
import { readsAndWrites } from "../../../src/glitchtip/transport.ts";
import { type HttpMethod, httpError } from "../../../src/http/http.ts";

const { signal } = new AbortController();
const request = (method: HttpMethod) => ({ method, path: "/", headers: {} });

/** Notes what it is sent; fails in turn with these codes, then answers. */
function scripted(name: string, log: string[], ...codes: readonly string[]): Transport {
  const left = [...codes];
  return {
    baseUrl: "http://glitchtip",
    async send({ method }) {
      log.push(`${method} ${name}`);
      const code = left.shift();
      if (code !== undefined) throw httpError(Object.assign(new Error("gone"), { code }), method, 1_000);
      return { status: 200, headers: {}, text: "[]" };
    },
    close: async () => void log.push(`${name} closed`),
  };
}

describe("reads and writes of one server", () => {
  it("keep connections for reads only", async () => {
    const log: string[] = [];
    const both = readsAndWrites(scripted("kept", log), scripted("new", log));
    for (const method of ["GET", "POST", "DELETE", "GET"] as const) await both.send(request(method), signal);
    await both.close();
    expect(log).toEqual(["GET kept", "POST new", "DELETE new", "GET kept", "kept closed", "new closed"]);
  });

  it("keep none after the first reset, and the read that was reset is sent again at once", async () => {
    const log: string[] = [];
    const both = readsAndWrites(scripted("kept", log, "ECONNRESET"), scripted("new", log));
    expect(await both.send(request("GET"), signal)).toMatchObject({ status: 200 });
    await both.send(request("GET"), signal);
    expect(log).toEqual(["GET kept", "GET new", "GET new"]);
  });

  it("send a read only once more, and no write", async () => {
    const log: string[] = [];
    const both = readsAndWrites(scripted("kept", log, "ECONNRESET"), scripted("new", log, "ECONNRESET", "ECONNRESET"));
    await expect(both.send(request("GET"), signal)).rejects.toThrow("the connection ended early");
    await expect(both.send(request("POST"), signal)).rejects.toThrow("the connection ended early");
    expect(log).toEqual(["GET kept", "GET new", "POST new"]);
  });

  it("throw other failures", async () => {
    const log: string[] = [];
    const both = readsAndWrites(scripted("kept", log, "ECONNREFUSED"), scripted("new", log));
    await expect(both.send(request("GET"), signal)).rejects.toThrow("nothing answers");
    expect(log).toEqual(["GET kept"]);
  });
});
