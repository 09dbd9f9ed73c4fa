import { describe, expect, it } from "vitest";
import { serverText, startService } from "../../support/service.ts";
import { hasValkey, noValkey } from "../../support/valkey.ts";

/** Of the requests that an apply of this size sends, those during which its worker is killed; all of them by hand. */
const KILLED_AT = (process.env.SERVICE_KILLS ?? "3").split(",").map(Number);

const NAMES = ["a", "b", "c", "d"];
const ALERTS = NAMES.map((name) => `{name: ${name}, quantity: 7, timespanMinutes: 3, recipients: [{type: email}]}`);

/** An apply of four alerts that is at its `nth` write, by the first of two workers. */
async function startApply(nth: number) {
  const service = await startService();
  const emulator = service.emulators.one;
  const text = serverText("one", emulator?.url ?? "");
  service.declare(
    "one.yaml",
    text.replace(/- \{name: errors.*$/m, ALERTS.map((one) => `- ${one}`).join("\n              ")),
  );
  emulator?.fault({ method: "POST", nth, effect: { kind: "delay", delayMs: 1_500 } });
  const api = await service.start("--api");
  const token = await service.token("--scope", "plan", "--scope", "apply");
  const first = await service.start("--worker", "1");
  const { body } = await api.ask("POST", "/api/v1/apply", token, { servers: ["one"] });
  const writes = () => emulator?.requests.filter(({ method }) => method !== "GET") ?? [];
  while (writes().length < nth - 1) await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    service,
    first,
    writes,
    result: async () => (await api.ask("GET", `/api/v1/runs/${body.id}?timeout=50`, token)).body,
    alerts: () => emulator?.snapshot().alerts.map(({ name }) => name),
  };
}

describe.skipIf(!hasValkey)(`a worker of the service${noValkey}`, () => {
  it.each(KILLED_AT)(
    "that is killed at write %i: another one finishes, and nothing is there twice",
    async (nth) => {
      const { service, first, result, alerts } = await startApply(nth);
      await using _service = service;
      first.cli.kill("SIGKILL");
      await first.cli.ended;
      await service.start("--worker", "1");
      expect(await result()).toMatchObject({ status: "success", report: { errors: [] } });
      expect(alerts()?.toSorted()).toEqual(NAMES);
    },
    120_000,
  );

  it("that hangs until another one has taken its run over writes nothing more", async () => {
    const { service, first, result, alerts, writes } = await startApply(1);
    await using _service = service;
    first.cli.kill("SIGSTOP");
    await service.start("--worker", "1");
    expect(await result()).toMatchObject({ status: "success", report: { errors: [] } });
    const before = writes().length;
    first.cli.kill("SIGCONT");
    // It says so where it had more to write, and goes on working for others.
    first.cli.kill("SIGTERM");
    await first.cli.ended;
    expect(writes().length).toBe(before);
    expect(alerts()?.toSorted()).toEqual(NAMES);
  }, 120_000);
});
