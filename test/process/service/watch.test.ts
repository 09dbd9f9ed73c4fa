import { describe, expect, it } from "vitest";
import { startReceiver } from "../../support/receiver.ts";
import { type Answer, type RunningService, serverText, startService } from "../../support/service.ts";
import { hasValkey, noValkey } from "../../support/valkey.ts";

/** Asks again until the answer fits. */
async function until(ask: () => Promise<Answer>, fits: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const stateOf = ({ body }: Answer, name: string) =>
  body.servers.find((one: { readonly name: string }) => one.name === name)?.status;

describe.skipIf(!hasValkey)(`the watch of the service${noValkey}`, () => {
  it("tells of drift, follows its files, and leaves out those that are broken", async () => {
    await using service = await startService(["one", "two"]);
    await using receiver = await startReceiver();
    const { url } = service.emulators.one ?? { url: "" };
    service.folders.env.CHANNEL = `${receiver.url}/channel`;
    const notify = "notify: [{type: json, url: env:CHANNEL, events: [drift]}]\n";
    service.declare("one.yaml", serverText("one", url, "errors", notify));
    service.declare("broken.yaml", "version: 1\nservers:\n  three: {ulr: https://three.example.com}\n");
    const { ask, cli } = await service.start("--events", `${receiver.url}/events`);
    const token = await service.token();
    const servers = () => ask("GET", "/api/v1/servers", token);
    const first = await until(servers, (one) => stateOf(one, "one") === "drift" && stateOf(one, "two") === "drift");
    expect(first.body.servers).toMatchObject([
      { name: "one", drift: 2 },
      { name: "two", drift: 2 },
    ]);
    expect(first.body.broken).toMatchObject([
      { file: "servers/broken.yaml", problems: expect.arrayContaining([expect.stringContaining("broken.yaml:3:11")]) },
    ]);
    const metrics = await ask("GET", "/metrics");
    expect(metrics.body).toContain('glitchtip_compose_drift_changes{server="one"} 2');
    expect(metrics.body).toContain("glitchtip_compose_broken_declarations 1");
    // Nothing was written: the watch only plans.
    expect(service.emulators.one?.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    service.declare("one.yaml", serverText("one", url, "alert-1", notify));
    await until(servers, (one) => one.body.servers[0].drift === 1);
    const posted = async (path: string, count: number) => {
      const all = () => receiver.received.filter((one) => one.path === path);
      while (all().length < count) await new Promise((resolve) => setTimeout(resolve, 50));
      return all().map(({ body }) => JSON.parse(body));
    };
    const told = { event: "drift", about: "one", state: "drift" };
    expect(await posted("/channel", 2)).toMatchObject([
      {
        ...told,
        title: expect.stringContaining("2 changes"),
        lines: expect.arrayContaining([expect.stringContaining('missing on the server: alert "errors"')]),
      },
      { ...told, title: expect.stringMatching(/: 1 change$/) },
    ]);
    const drift = { specversion: "1.0", type: "glitchtip-compose.drift", data: { status: "drift" } };
    const events = await posted("/events", 3);
    expect(events.toSorted((a, b) => (a.subject < b.subject ? -1 : 1))).toMatchObject([
      { ...drift, subject: "one" },
      { ...drift, subject: "one" },
      { ...drift, subject: "two" },
    ]);
    expect(service.queue.dump()).toContain("glitchtip-compose:service:events");
    expect((await ask("GET", "/api/v1/runs", token)).body.runs.length).toBeGreaterThanOrEqual(3);
    expect((await ask("GET", "/health/ready")).body).toMatchObject({
      status: "healthy",
      roles: ["api", "worker", "watch"],
    });
    await service.queue.kill();
    expect(
      await until(
        () => ask("GET", "/health/ready"),
        ({ status }) => status === 503,
      ),
    ).toMatchObject({
      body: { components: { queue: "unhealthy", declarations: "healthy" } },
    });
    expect(await ask("POST", "/api/v1/plan", token, {})).toMatchObject({ status: 503, body: { code: "GC2007" } });
    cli.kill("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  }, 120_000);

  it("applies where it may, also after its worker and the queue were killed in the middle", async () => {
    await using service = await startService();
    const emulator = service.emulators.one;
    emulator?.fault({ method: "POST", path: /alerts/, effect: { kind: "delay", delayMs: 1_500 } });
    const first = await service.start("--watch", "--apply", "--every", "1s", "--worker");
    const asked = async (method: string) => {
      while (!emulator?.requests.some((one) => one.method === method)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await asked("GET");
    first.cli.kill("SIGKILL");
    await first.cli.ended;
    const second: RunningService = await service.start();
    await service.queue.kill();
    await service.queue.start();
    const token = await service.token();
    const runs = () => second.ask("GET", "/api/v1/runs?limit=100", token);
    const isDone = ({ status, body }: Answer) =>
      status === 200 &&
      body.runs.some((one: { kind: string; status: string }) => one.kind === "apply" && one.status === "success");
    await until(runs, isDone);
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "errors" }]);
  }, 120_000);
});
