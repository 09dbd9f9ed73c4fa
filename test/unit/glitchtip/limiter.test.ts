import { describe, expect, it } from "vitest";
import { type LimitedTransport, limitInFlight, limitTransport } from "../../../src/glitchtip/limiter.ts";
import type { Transport, TransportRequest } from "../../../src/glitchtip/transport.ts";
import { type HttpAnswer, HttpError } from "../../../src/http/http.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { fakeTransport, json } from "../../support/fake-transport.ts";

const settled = () => new Promise<void>((done) => setImmediate(done));
const { signal } = new AbortController();
const ask: TransportRequest = { method: "GET", path: "/", headers: {} };

/** A server in virtual time: so many at once, so long for each, so far away. */
class Server {
  now = 0;
  readonly clock = { now: () => this.now, sleep: (ms: number) => this.#at(this.now + ms) };
  #free: number[] = [];
  readonly #events: { at: number; go(): void }[] = [];

  readonly #serviceMs: number;
  readonly #distanceMs: number;

  constructor(slots: number, serviceMs: number, distanceMs = 0) {
    this.slots = slots;
    this.#serviceMs = serviceMs;
    this.#distanceMs = distanceMs;
  }

  set slots(count: number) {
    this.#free = Array.from({ length: count }, (_, i) => this.#free[i] ?? this.now);
  }

  answer(): Promise<void> {
    const arrives = this.now + this.#distanceMs / 2;
    const slot = this.#free.indexOf(Math.min(...this.#free));
    const ready = Math.max(arrives, this.#free[slot] ?? 0) + this.#serviceMs;
    this.#free[slot] = ready;
    return this.#at(ready + this.#distanceMs / 2);
  }

  #at(at: number): Promise<void> {
    return new Promise((go) => this.#events.push({ at, go }));
  }

  /** Lets time pass until all is done. */
  async finish(all: Promise<unknown>): Promise<void> {
    let done = false;
    const end = all.finally(() => {
      done = true;
    });
    end.catch(() => {});
    for (;;) {
      await settled();
      if (done) break;
      this.#events.sort((a, b) => a.at - b.at);
      const next = this.#events.shift();
      if (next === undefined) throw new Error("nothing happens any more");
      this.now = next.at;
      next.go();
    }
    await end;
  }
}

/** The server behind a limited transport. */
const limited = (server: Server, most?: number): LimitedTransport => {
  const transport = { ...fakeTransport(), send: () => server.answer().then(() => json([])) };
  return limitTransport(transport, { clock: server.clock, ...(most === undefined ? {} : { most }) });
};

async function load(server: Server, transport: LimitedTransport, count: number): Promise<number> {
  const start = server.now;
  await server.finish(Promise.all(Array.from({ length: count }, () => transport.send(ask, signal))));
  return server.now - start;
}

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

describe("how many requests are in flight", () => {
  it("is four at the start, the others wait in their order", async () => {
    const { asked, open, transport } = held();
    const four = limitTransport(transport, { clock: fakeClock() });
    const answers = Array.from({ length: 10 }, (_, nth) => four.send({ ...ask, path: `/${nth}` }, signal));
    await settled();
    expect(four.limit).toBe(4);
    expect(asked).toEqual(["/0", "/1", "/2", "/3"]);
    for (let nth = 0; nth < 10; nth++) {
      open[nth]?.resolve(json([]));
      await settled();
    }
    await Promise.all(answers);
    expect(asked).toEqual(Array.from({ length: 10 }, (_, nth) => `/${nth}`));
  });

  it("rises while the server answers: one 20 ms away is soon full", async () => {
    const server = new Server(2, 8, 20);
    const transport = limited(server);
    const tookMs = await load(server, transport, 300);
    // Full with 7: (8 + 20) / 8 × 2.
    expect(transport.limit).toBeGreaterThanOrEqual(6);
    expect(tookMs).toBeLessThan((300 * 28) / 5);
  });

  it("costs a server that is full nothing against the most that it can do", async () => {
    for (const slots of [1, 2]) {
      const server = new Server(slots, 8);
      expect(await load(server, limited(server), 1000)).toBeLessThan(1.02 * ((1000 * 8) / slots));
    }
  });

  it("uses a server of many workers", async () => {
    const server = new Server(16, 8);
    const transport = limited(server);
    await load(server, transport, 2000);
    expect(transport.limit).toBeGreaterThanOrEqual(15);
    expect(transport.limit).toBeLessThanOrEqual(24);
  });

  it("never goes over its most", async () => {
    const server = new Server(100, 8);
    let most = 0;
    let open = 0;
    const send = async () => {
      most = Math.max(most, ++open);
      await server.answer();
      open--;
      return json([]);
    };
    const transport = limitTransport({ ...fakeTransport(), send }, { clock: server.clock, most: 10 });
    await load(server, transport, 1000);
    expect([transport.limit, most]).toEqual([10, 10]);
  });

  it("is not changed by a few requests that come one by one", async () => {
    const server = new Server(2, 8);
    const transport = limited(server);
    for (let i = 0; i < 60; i++) await load(server, transport, 1);
    expect(transport.limit).toBe(4);
  });

  it.each([
    ["429", () => json({}, 429)],
    ["503", () => json({}, 503)],
    ["a broken connection", () => new HttpError("broken", "GET …", "reset", "", undefined)],
  ])("is halved by %s, and rises again with answers", async (_, failure) => {
    const server = new Server(4, 8);
    const failures = [failure()];
    const send = async () => {
      await server.answer();
      const failed = failures.shift();
      if (failed instanceof Error) throw failed;
      return failed ?? json([]);
    };
    const transport = limitTransport({ ...fakeTransport(), send }, { clock: server.clock });
    await server.finish(transport.send(ask, signal).catch(() => undefined));
    expect(transport.limit).toBe(2);
    await load(server, transport, 100);
    expect(transport.limit).toBeGreaterThanOrEqual(4);
  });
});

describe("a server that asks to wait", () => {
  const tooMany = (retryAfter: string, status = 429) =>
    json({ detail: "slow down" }, status, { "retry-after": retryAfter });

  it.each([429, 503])("with %d gets nothing before the time is over, and half as many after it", async (status) => {
    const clock = fakeClock();
    const transport = fakeTransport(tooMany("7", status), json([]));
    const spared = limitTransport(transport, { clock });
    expect((await spared.send(ask, signal)).status).toBe(status);
    expect(spared.limit).toBe(2);
    expect((await spared.send(ask, signal)).status).toBe(200);
    expect(clock.slept).toEqual([7_000]);
  });

  it("for longer than anybody waits is not asked again: the same refusal at once", async () => {
    const clock = fakeClock();
    const transport = fakeTransport(tooMany("3600"), json([]));
    const spared = limitTransport(transport, { clock });
    const answers = [await spared.send(ask, signal), await spared.send(ask, signal)];
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
    expect(transport.requests).toHaveLength(1);
    expect(clock.slept).toEqual([]);
    clock.pass(3_600_000);
    expect((await spared.send(ask, signal)).status).toBe(200);
  });

  it("with several refusals of one moment halves once", async () => {
    const server = new Server(4, 8);
    const transport = { ...fakeTransport(), send: async () => server.answer().then(() => tooMany("1")) };
    const spared = limitTransport(transport, { clock: server.clock });
    await server.finish(Promise.all(Array.from({ length: 4 }, () => spared.send(ask, signal))));
    expect(spared.limit).toBe(2);
  });
});

describe.each([
  [
    "a limited transport",
    (transport: Transport) => limitTransport(transport, { clock: fakeClock(), start: 1, most: 1 }),
  ],
  ["a fixed limit", (transport: Transport) => limitInFlight(transport, 1)],
])("what is no longer wanted, with %s", (_, limit) => {
  it("is not begun, and passes its place on", async () => {
    const { asked, open, transport } = held();
    const one = limit(transport);
    const stop = new AbortController();
    const first = one.send({ ...ask, path: "/1" }, signal);
    const unwanted = one.send({ ...ask, path: "/2" }, stop.signal);
    const last = one.send({ ...ask, path: "/3" }, signal);
    stop.abort(new Error("stopped"));
    open[0]?.resolve(json([]));
    await expect(unwanted).rejects.toThrow("stopped");
    await settled();
    expect(asked).toEqual(["/1", "/3"]);
    open[1]?.resolve(json([]));
    await Promise.all([first, last]);
  });

  it("that fails passes its place on", async () => {
    const { open, transport } = held();
    const one = limit(transport);
    const failing = one.send(ask, signal);
    const next = one.send(ask, signal);
    open[0]?.reject(new Error("reset"));
    await expect(failing).rejects.toThrow("reset");
    await settled();
    open[1]?.resolve(json([]));
    expect((await next).status).toBe(200);
  });
});

it("a request that waits for a server that asked to wait is given up", async () => {
  const stop = new AbortController();
  const sleep = (_ms: number, until?: AbortSignal) =>
    new Promise<void>((_, reject) => until?.addEventListener("abort", () => reject(until.reason)));
  const busy = json({}, 429, { "retry-after": "10" });
  const transport = limitTransport(fakeTransport(busy), { clock: { now: () => 0, sleep } });
  await transport.send(ask, signal);
  const waiting = transport.send(ask, stop.signal);
  await settled();
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
});

it("a fixed limit lets so many requests through and the next in order as each ends, well or not", async () => {
  const { asked, open, transport } = held();
  const answer = json([]);
  const two = limitInFlight(transport, 2);
  const answers = ["/1", "/2", "/3", "/4"].map((path) => two.send({ ...ask, path }, signal).catch(() => "failed"));
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
