import { describe, expect, it } from "vitest";
import { type Limiter, limitTransport, openLimiter } from "../../../src/glitchtip/limiter.ts";
import type { TransportRequest } from "../../../src/glitchtip/transport.ts";
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

async function load(server: Server, limiter: Limiter, count: number): Promise<number> {
  const start = server.now;
  await server.finish(Promise.all(Array.from({ length: count }, () => limiter.run(() => server.answer(), signal))));
  return server.now - start;
}

describe("how many requests are in flight", () => {
  it("is four at the start", async () => {
    const limiter = openLimiter({ clock: fakeClock() });
    let open = 0;
    const never = () => {
      open++;
      return new Promise<void>(() => {});
    };
    for (let i = 0; i < 10; i++) void limiter.run(never, signal);
    await settled();
    expect([limiter.limit, open]).toEqual([4, 4]);
  });

  it("rises while throughput does: a server 20 ms away is soon full", async () => {
    const server = new Server(2, 8, 20);
    const limiter = openLimiter({ clock: server.clock });
    const tookMs = await load(server, limiter, 300);
    // Full with 7: (8 + 20) / 8 × 2.
    expect(limiter.limit).toBeGreaterThanOrEqual(6);
    expect(limiter.limit).toBeLessThanOrEqual(9);
    expect(tookMs).toBeLessThan((300 * 28) / 5);
  });

  it("does not rise on a server that is full: it costs nothing against the most that the server can do", async () => {
    const server = new Server(2, 8);
    const limiter = openLimiter({ clock: server.clock });
    const tookMs = await load(server, limiter, 1000);
    // The end may come in the middle of a trial of one more.
    expect(limiter.limit).toBeLessThanOrEqual(5);
    expect(tookMs).toBeLessThan(1.02 * ((1000 * 8) / 2));
  });

  it("uses a server of many workers", async () => {
    const server = new Server(16, 8);
    const limiter = openLimiter({ clock: server.clock });
    await load(server, limiter, 2000);
    expect(limiter.limit).toBeGreaterThanOrEqual(15);
    // The end may come in the middle of a trial.
    expect(limiter.limit).toBeLessThanOrEqual(24);
  });

  it("never goes over its most", async () => {
    const server = new Server(100, 8);
    const limiter = openLimiter({ clock: server.clock, most: 10 });
    await load(server, limiter, 1000);
    expect(limiter.limit).toBe(10);
  });

  it("falls when latency grows: the server lost most of its workers", async () => {
    const server = new Server(8, 8);
    const limiter = openLimiter({ clock: server.clock });
    await load(server, limiter, 600);
    expect(limiter.limit).toBeGreaterThanOrEqual(7);
    server.slots = 1;
    await load(server, limiter, 600);
    expect(limiter.limit).toBeLessThanOrEqual(4);
  });

  it("falls to two on a server that does one thing at a time", async () => {
    const server = new Server(1, 8);
    const limiter = openLimiter({ clock: server.clock });
    const tookMs = await load(server, limiter, 400);
    expect(limiter.limit).toBe(2);
    expect(tookMs).toBeLessThan(1.01 * 400 * 8);
  });

  it("is not changed by a few requests that come one by one", async () => {
    const server = new Server(2, 8);
    const limiter = openLimiter({ clock: server.clock });
    for (let i = 0; i < 60; i++) await load(server, limiter, 1);
    expect(limiter.limit).toBe(4);
  });
});

describe("a server that asks to wait", () => {
  const tooMany = (retryAfter: string) => json({ detail: "slow down" }, 429, { "retry-after": retryAfter });

  it("gets nothing before the time is over, and half as many after it", async () => {
    const clock = fakeClock();
    const limiter = openLimiter({ clock });
    const transport = fakeTransport(tooMany("7"), json([]));
    const limited = limitTransport(transport, limiter, clock);
    expect((await limited.send(ask, signal)).status).toBe(429);
    expect(limiter.limit).toBe(2);
    expect((await limited.send(ask, signal)).status).toBe(200);
    expect(clock.slept).toEqual([7_000]);
  });

  it("for longer than anybody waits is not asked again: the same refusal at once", async () => {
    const clock = fakeClock();
    const transport = fakeTransport(tooMany("3600"), json([]));
    const limited = limitTransport(transport, openLimiter({ clock }), clock);
    const answers = [await limited.send(ask, signal), await limited.send(ask, signal)];
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
    expect(transport.requests).toHaveLength(1);
    expect(clock.slept).toEqual([]);
    clock.pass(3_600_000);
    expect((await limited.send(ask, signal)).status).toBe(200);
  });

  it("with several refusals of one moment halves once", async () => {
    const server = new Server(4, 8);
    const limiter = openLimiter({ clock: server.clock });
    const transport = { ...fakeTransport(), send: async () => server.answer().then(() => tooMany("1")) };
    const limited = limitTransport(transport, limiter, server.clock);
    await server.finish(Promise.all(Array.from({ length: 4 }, () => limited.send(ask, signal))));
    expect(limiter.limit).toBe(2);
  });
});

describe("what is no longer wanted", () => {
  it("is not begun, and gives its place on", async () => {
    const limiter = openLimiter({ clock: fakeClock(), start: 1 });
    const stop = new AbortController();
    const begun: string[] = [];
    let end: (() => void) | undefined;
    const first = limiter.run(() => new Promise<void>((done) => (end = done)), signal);
    const unwanted = limiter.run(async () => void begun.push("unwanted"), stop.signal);
    const last = limiter.run(async () => void begun.push("last"), signal);
    stop.abort(new Error("stopped"));
    end?.();
    await expect(unwanted).rejects.toThrow("stopped");
    await Promise.all([first, last]);
    expect(begun).toEqual(["last"]);
  });

  it("is given up while it waits for a server that asked to wait", async () => {
    const stop = new AbortController();
    const sleep = (_ms: number, until?: AbortSignal) =>
      new Promise<void>((_, reject) => until?.addEventListener("abort", () => reject(until.reason)));
    const limiter = openLimiter({ clock: { now: () => 0, sleep } });
    limiter.pause(10_000);
    const waiting = limiter.run(async () => "begun", stop.signal);
    await settled();
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
  });

  it("that fails gives its place on", async () => {
    const limiter = openLimiter({ clock: fakeClock(), start: 1 });
    const failing = limiter.run(() => Promise.reject(new Error("reset")), signal);
    await expect(failing).rejects.toThrow("reset");
    expect(await limiter.run(async () => "next", signal)).toBe("next");
  });
});
