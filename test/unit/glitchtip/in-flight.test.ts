import { expect, it } from "vitest";
import { limitInFlight } from "../../../src/glitchtip/in-flight.ts";
import type { TransportRequest } from "../../../src/glitchtip/transport.ts";
import type { HttpAnswer } from "../../../src/http/http.ts";

const ask = (path: string): TransportRequest => ({ method: "GET", path, headers: {} });
const answer: HttpAnswer = { status: 200, headers: {}, text: "" };

/** A transport whose answers come when the test says so. */
function held() {
  const asked: string[] = [];
  const open: { resolve(answer: HttpAnswer): void; reject(error: Error): void }[] = [];
  const transport = {
    baseUrl: "http://glitchtip:8000",
    send: ({ path }: TransportRequest) => {
      asked.push(path);
      return new Promise<HttpAnswer>((resolve, reject) => open.push({ resolve, reject }));
    },
    close: async () => {},
  };
  return { asked, open, transport };
}

const settled = () => new Promise<void>((done) => setImmediate(done));
const { signal } = new AbortController();

it("lets so many requests through and the next in order as each ends, well or not", async () => {
  const { asked, open, transport } = held();
  const limited = limitInFlight(transport, 2);
  const answers = ["/1", "/2", "/3", "/4"].map((path) => limited.send(ask(path), signal).catch(() => "failed"));
  await settled();
  expect(asked).toEqual(["/1", "/2"]);
  open[1]?.reject(new Error("reset"));
  await settled();
  expect(asked).toEqual(["/1", "/2", "/3"]);
  open[0]?.resolve(answer);
  await settled();
  expect(asked).toEqual(["/1", "/2", "/3", "/4"]);
  for (const one of open) one.resolve(answer);
  expect(await Promise.all(answers)).toEqual([answer, "failed", answer, answer]);
});

it("does not send what waited when it is no longer wanted, and gives its place on", async () => {
  const { asked, open, transport } = held();
  const limited = limitInFlight(transport, 1);
  const stop = new AbortController();
  const first = limited.send(ask("/1"), signal);
  const unwanted = limited.send(ask("/2"), stop.signal);
  const last = limited.send(ask("/3"), signal);
  stop.abort(new Error("stopped"));
  open[0]?.resolve(answer);
  await expect(unwanted).rejects.toThrow("stopped");
  await settled();
  expect(asked).toEqual(["/1", "/3"]);
  open[1]?.resolve(answer);
  expect([await first, await last]).toEqual([answer, answer]);
});
