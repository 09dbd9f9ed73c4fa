import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/wait.ts";
import type { Emulator } from "../../../src/emulator/index.ts";
import { hasPostgres, noPostgres, startPostgres } from "../../support/postgres.ts";
import { type QueueServer, type ServiceUnderTest, serverText, startService } from "../../support/service.ts";
import { freePort, hasValkey, noValkey, startValkey } from "../../support/valkey.ts";

const NAMES = ["a", "b", "c", "d"];
const ALERTS = NAMES.map((name) => `{name: ${name}, quantity: 7, timespanMinutes: 3, recipients: [{type: email}]}`);

/** Declares four alerts on a server that has another one. */
function declareAlerts(service: ServiceUnderTest, name: string): void {
  const text = serverText(name, service.emulators[name]?.url ?? "");
  service.declare(
    `${name}.yaml`,
    text.replace(/- \{name: errors.*$/m, ALERTS.map((one) => `- ${one}`).join("\n              ")),
  );
}

const alertsOf = (emulator: Emulator | undefined) => emulator?.snapshot().alerts.map(({ name }) => name) ?? [];
const writesOf = (emulator: Emulator | undefined) =>
  emulator?.requests.filter(({ method }) => method !== "GET").length ?? 0;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await systemClock.sleep(5);
}

/** An apply of four alerts that is at its `nth` write, by the first worker. The queue of that worker is `queue`. */
async function startApply(
  nth: number,
  queue?: (service: ServiceUnderTest) => Promise<string>,
  startQueue: () => Promise<QueueServer> = startValkey,
) {
  const service = await startService(["one"], startQueue);
  const emulator = service.emulators.one;
  declareAlerts(service, "one");
  emulator?.fault({ method: "POST", nth, effect: { kind: "delay", delayMs: 4_000 } });
  const api = await service.start("--api");
  const token = await service.token("--scope", "plan", "--scope", "apply");
  const direct = service.queue.url;
  service.folders.env.SERVICE_QUEUE = (await queue?.(service)) ?? direct;
  const first = await service.start("--worker", "1");
  service.folders.env.SERVICE_QUEUE = direct;
  const { body } = await api.ask("POST", "/api/v1/apply", token, { servers: ["one"] });
  await until(() => writesOf(emulator) >= nth);
  return {
    service,
    first,
    emulator,
    result: async () => (await api.ask("GET", `/api/v1/runs/${body.id}?timeout=100`, token)).body,
  };
}

/** A way to the queue that can be cut as a network is: nothing arrives any more, and nobody says so. */
async function openPath(to: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => void (isCut || into.write(bytes)));
      from.on("error", () => {});
      from.on("close", () => void (isCut || into.destroy()));
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port,
    cut() {
      isCut = true;
    },
    mend() {
      isCut = false;
      // What was under way is lost; both sides connect anew.
      for (const socket of sockets) socket.destroy();
    },
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Kills the queue's engine in the middle of the writes of an apply, and starts it again. */
async function killsTheQueue(startQueue: () => Promise<QueueServer>): Promise<void> {
  const { service, emulator, result } = await startApply(2, undefined, startQueue);
  await using _service = service;
  await service.queue.kill();
  // What is under way still arrives. The second write is answered after four seconds, and nothing follows it: the lock
  // cannot be asked for.
  await systemClock.sleep(1_000);
  const first = writesOf(emulator);
  await systemClock.sleep(4_000);
  expect(writesOf(emulator)).toBe(first);
  expect(first).toBeLessThan(NAMES.length + 1);
  await service.queue.start();
  expect(await result()).toMatchObject({ status: "success", report: { errors: [] } });
  expect(alertsOf(emulator).toSorted()).toEqual(NAMES);
}

describe.skipIf(!hasValkey)(`a worker of the service${noValkey}`, () => {
  it.concurrent("that is killed at any request of an apply: another one finishes, and nothing is there twice", async () => {
    // What a whole apply sends, and a server for each of these requests, once executed and once not.
    const whole = 2 + NAMES.length + 1;
    const cases = Array.from({ length: whole }, (_, at) =>
      [true, false].map((acted) => ({ nth: at + 1, acted })),
    ).flat();
    const named = cases.map((one, at) => ({ ...one, name: `s${at}` }));
    await using service = await startService(["clean", ...named.map(({ name }) => name)]);
    for (const name of Object.keys(service.emulators)) declareAlerts(service, name);
    const api = await service.start("--api");
    const token = await service.token("--scope", "plan", "--scope", "apply");
    const first = await service.start("--worker", "40");
    const apply = async (name: string) =>
      (await api.ask("POST", "/api/v1/apply", token, { servers: [name] })).body.status_url as string;
    const result = async (url: string) => (await api.ask("GET", `${url}?timeout=100`, token)).body;
    expect(await result(await apply("clean"))).toMatchObject({ status: "success" });
    expect(service.emulators.clean?.requests).toHaveLength(whole);

    for (const { name, nth, acted } of named) {
      service.emulators[name]?.fault({ path: /./, nth, effect: { kind: "hang", acted } });
    }
    const urls = await Promise.all(named.map(({ name }) => apply(name)));
    await until(() => named.every(({ name, nth }) => (service.emulators[name]?.requests.length ?? 0) >= nth));
    await service.start("--worker", "40");
    first.cli.kill("SIGKILL");
    await first.cli.ended;
    for (const [at, { name, nth, acted }] of named.entries()) {
      const what = `killed at request ${nth}, ${acted ? "executed" : "not executed"}`;
      expect(await result(urls[at] ?? ""), what).toMatchObject({ status: "success", report: { errors: [] } });
      expect(alertsOf(service.emulators[name]).toSorted(), what).toEqual(NAMES);
    }
  }, 120_000);

  it.concurrent("goes on after its queue was killed in the middle of its writes, and writes nothing meanwhile", async () => {
    await killsTheQueue(startValkey);
  }, 120_000);

  it.concurrent("that is cut off from the queue loses its lock and writes nothing more", async () => {
    let path: Awaited<ReturnType<typeof openPath>> | undefined;
    const { service, first, emulator, result } = await startApply(2, async ({ queue }) => {
      path = await openPath(Number(new URL(queue.url).port));
      return `redis://127.0.0.1:${path.port}`;
    });
    await using _service = service;
    using _path = path;
    path?.cut();
    await service.start("--worker", "1");
    expect(await result()).toMatchObject({ status: "success", report: { errors: [] } });
    // Two by the first worker, three by the second, and one more deletes what is not declared.
    const all = NAMES.length + 1;
    expect(writesOf(emulator)).toBe(all);
    path?.mend();
    await systemClock.sleep(500);
    first.cli.kill("SIGTERM");
    await first.cli.ended;
    expect(writesOf(emulator)).toBe(all);
    expect(alertsOf(emulator).toSorted()).toEqual(NAMES);
  }, 120_000);

  it.concurrent("that hangs until another one has taken its run over writes nothing more", async () => {
    const { service, first, result, emulator } = await startApply(1);
    await using _service = service;
    // What is under way arrives; the first write is answered later.
    await systemClock.sleep(1_000);
    first.cli.kill("SIGSTOP");
    await service.start("--worker", "1");
    expect(await result()).toMatchObject({ status: "success", report: { errors: [] } });
    const before = writesOf(emulator);
    first.cli.kill("SIGCONT");
    // It says so where it had more to write, and goes on working for others.
    first.cli.kill("SIGTERM");
    await first.cli.ended;
    expect(writesOf(emulator)).toBe(before);
    expect(alertsOf(emulator).toSorted()).toEqual(NAMES);
  }, 120_000);
});

describe.skipIf(!hasPostgres)(`a worker of the service with its queue in Postgres${noPostgres}`, () => {
  it("goes on after the Postgres was killed in the middle of its writes, and writes nothing meanwhile", async () => {
    await killsTheQueue(startPostgres);
  }, 120_000);
});
