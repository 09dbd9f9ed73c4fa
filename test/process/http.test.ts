import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { openHttp } from "../../src/http/client.ts";
import type { HttpOptions } from "../../src/http/http.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { makeSelfSigned, openssl } from "../support/self-signed.ts";
import { TemporaryFolder } from "../support/workspace.ts";

if (openssl === undefined) process.stderr.write("skipped, no openssl here: https through a proxy\n");

type Listening = Server | TlsServer;

const { signal } = new AbortController();
const open: Listening[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.closeAllConnections();
});

async function listening(server: Listening): Promise<number> {
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const text = async (incoming: IncomingMessage) => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

describe.each([
  ["node:http", openNodeHttp],
  ["undici", openHttp],
])("the HTTP client over %s", (_, openClient) => {
  it("sends a streamed body with its length, and hands over the answer as a stream", async () => {
    const port = await listening(
      createServer(async (request, response) => {
        response.end(
          `${request.headers["content-length"]} ${request.headers["transfer-encoding"]} ${await text(request)}`,
        );
      }),
    );
    const http = openClient();
    const body = { bytes: 4, open: () => Readable.from([Buffer.from("ab"), Buffer.from("cd")]) };
    const answer = await http.stream({ method: "PUT", url: `http://127.0.0.1:${port}/`, body }, signal);
    let read = "";
    for await (const chunk of answer.body) read += chunk;
    expect(read).toBe("4 undefined abcd");
    await http.close();
  });

  it("refuses an answer that is longer than its limit", async () => {
    const port = await listening(createServer((_, response) => void response.end("x".repeat(2_000))));
    const http = openClient({ answerLimitBytes: 1_000 });
    await expect(http.send({ method: "GET", url: `http://127.0.0.1:${port}/` }, signal)).rejects.toMatchObject({
      code: "GC1208",
      failure: "broken",
      message: expect.stringContaining("more than 1000 bytes"),
    });
    await http.close();
  });

  it("shows no user and no password of an address", async () => {
    const port = await listening(createServer());
    open.pop()?.close();
    const http = openClient();
    const failed = http.send({ method: "GET", url: `http://user:hidden@127.0.0.1:${port}/x` }, signal);
    await expect(failed).rejects.toMatchObject({
      message: `GET http://127.0.0.1:${port}/x: nothing answers at this address`,
      failure: "unreachable",
      sent: false,
    });
  });

  it("leaves no listener on the caller's signal after a hundred requests", async () => {
    const port = await listening(createServer((_, response) => void response.end("ok")));
    const http = openClient({ keepAlive: false });
    const stop = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = stop.signal;
    stop.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(stop.signal, args);
    };
    stop.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(stop.signal, args);
    };
    const one = () => http.send({ method: "GET", url: `http://127.0.0.1:${port}/` }, stop.signal);
    await Promise.all(Array.from({ length: 50 }, one));
    await Promise.all(Array.from({ length: 50 }, one));
    expect(listeners).toBe(0);
    await http.close();
  });

  it("connects where it is told, under the URL's own name", async () => {
    const port = await listening(createServer((request, response) => void response.end(request.headers.host)));
    const http = openClient({ connectTo: { host: "127.0.0.1", port } });
    const { text: host } = await http.send({ method: "GET", url: "http://errors.example.com/" }, signal);
    expect(host).toBe("errors.example.com");
    await http.close();
  });
});

describe("the proxy variables", () => {
  const ask = async (url: string, env: Readonly<Record<string, string>>, options: HttpOptions = {}) => {
    const http = openHttp({ ...options, env });
    try {
      return (await http.send({ method: "GET", url }, signal)).text;
    } finally {
      await http.close();
    }
  };
  const startProxy = () =>
    listening(createServer((request, response) => void response.end(`proxied ${request.method} ${request.url}`)));

  it("send plain http to the proxy with the whole address", async () => {
    const port = await startProxy();
    for (const proxy of [`http://127.0.0.1:${port}`, `127.0.0.1:${port}`]) {
      expect(await ask("http://errors.invalid/a?b=c", { HTTP_PROXY: proxy })).toBe(
        "proxied GET http://errors.invalid/a?b=c",
      );
    }
  });

  it.skipIf(openssl === undefined)("tunnel https through the proxy to a server with the given authority", async () => {
    using folder = new TemporaryFolder();
    const paths = { key: join(folder.path, "key.pem"), certificate: join(folder.path, "cert.pem") };
    makeSelfSigned(paths, ["errors.invalid"], 2);
    const [key, cert] = [readFileSync(paths.key, "utf8"), readFileSync(paths.certificate, "utf8")];
    const target = await listening(createTlsServer({ key, cert }, (_, response) => void response.end("tunnelled")));
    const asked: string[] = [];
    const proxy = createServer().on("connect", (request, socket) => {
      asked.push(request.url ?? "");
      const there = connect(target, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
      there.pipe(socket).pipe(there);
    });
    const env = { https_proxy: `http://127.0.0.1:${await listening(proxy)}` };
    expect(await ask("https://errors.invalid/", env, { ca: [cert] })).toBe("tunnelled");
    expect(asked).toEqual(["errors.invalid:443"]);
    await expect(ask("https://errors.invalid/", env)).rejects.toMatchObject({ failure: "tls" });
  });

  it("leave out what NO_PROXY names, and this machine always", async () => {
    const env = { HTTP_PROXY: `http://127.0.0.1:${await startProxy()}` };
    const port = await listening(createServer((_, response) => void response.end("direct")));
    expect(await ask(`http://127.0.0.1:${port}/`, env)).toBe("direct");
    expect(await ask(`http://localhost:${port}/`, env)).toBe("direct");
    await expect(ask("http://errors.invalid/", { ...env, NO_PROXY: ".invalid" })).rejects.toMatchObject({
      failure: "unresolved",
    });
  });

  it("that hold no address are refused by their name", async () => {
    await expect(ask("http://errors.invalid/", { HTTP_PROXY: "http://a b" })).rejects.toMatchObject({
      code: "GC1201",
      message: expect.stringContaining("HTTP_PROXY"),
    });
  });
});
