import { expect, it } from "vitest";
import type { Transport } from "../../../src/glitchtip/transport.ts";
import { guarded } from "../../../src/service/execute.ts";

/** A transport whose lock is asked for by `check`, with what it sent and why it was aborted. */
function guardedBy(check: (askedTimes: number, pass: (ms: number) => void) => void) {
  const sent: string[] = [];
  const aborted: unknown[] = [];
  let nowMs = 0;
  let asked = 0;
  const direct = {
    send: async ({ method }: { method: string }) => void sent.push(method),
    close: async () => {},
  } as unknown as Transport;
  const transport = guarded(
    direct,
    { now: () => nowMs },
    async () => {
      asked += 1;
      check(asked, (ms) => {
        nowMs += ms;
      });
    },
    (reason) => aborted.push(reason),
  );
  const send = (method: string) =>
    transport.send({ method, path: "/" } as Parameters<Transport["send"]>[0], new AbortController().signal);
  return { send, sent, aborted, asked: () => asked };
}

it("a write asks for the lock, a read does not", async () => {
  const { send, sent, asked } = guardedBy(() => {});
  await send("GET");
  expect(asked()).toBe(0);
  await send("POST");
  expect([sent, asked()]).toEqual([["GET", "POST"], 1]);
});

it("a process that was stopped before it read the answer asks again, and writes nothing once the lock is lost", async () => {
  const lost = new Error("lost");
  const { send, sent, aborted } = guardedBy((asked, pass) => {
    if (asked > 1) throw lost;
    pass(15_000);
  });
  await expect(send("POST")).rejects.toBe(lost);
  expect([sent, aborted]).toEqual([[], [lost]]);
});
