import { connect } from "node:net";
import { expect, it } from "vitest";
import { startServer } from "../support/emulator.ts";

/** Sends the head of a request with a body of 5 MB that never comes. Returns all that is answered until the end. */
async function answerWithoutBody(url: string, target: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = [`POST ${target} HTTP/1.1`, `host: ${hostname}:${port}`, "content-type: application/json"];
  socket.write(`${[...head, "content-length: 5000001"].join("\r\n")}\r\n\r\n{`);
  let answered = "";
  for await (const chunk of socket) answered += String(chunk);
  return answered;
}

it.each(["4.1", "5.2"] as const)(
  "a large request that is refused by its head is answered unread by %s (run on 5.2)",
  async (generation) => {
    await using emulator = await startServer({ generation });
    const refused = { "/api/settings/": 405, "/api/0/organizations/": 403 };
    for (const [target, status] of Object.entries(refused)) {
      expect(await answerWithoutBody(emulator.url, target)).toMatch(
        new RegExp(`^HTTP/1.1 ${status} [^]*connection: close`, "i"),
      );
    }
    expect(emulator.requests.map(({ status }) => status)).toEqual(Object.values(refused));
  },
);
