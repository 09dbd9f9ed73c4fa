import { describe, expect, it } from "vitest";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import {
  desiredAlert,
  desiredOrganization,
  desiredProject,
  desiredServer,
  everything,
} from "../../support/desired-server.ts";
import { ALL_OF_IT, reconcile, standing, startReconciling } from "../../support/reconciling.ts";

describe.each(GENERATIONS)("apply on GlitchTip %s", (generation) => {
  it("makes all that is declared on an empty server, and changes nothing the second time", async () => {
    await using reconciling = await startReconciling({ generation, registration: "open" });
    const first = await reconcile(reconciling.context, everything(), generation);
    expect(first.plan.errors).toEqual([]);
    expect(first.outcomes.map(({ result }) => result)).toEqual(first.plan.actions.map(() => "applied"));
    expect(first.outcomes.length).toBeGreaterThan(8);
    expect(standing(reconciling)).toEqual(ALL_OF_IT);
    expect(await asAdmin(reconciling.emulator, "GET", "projects/acme/shop-api/")).toMatchObject({
      eventThrottleRate: 20,
      platform: "node",
    });
    const before = reconciling.emulator.requests.length;
    const second = await reconcile(reconciling.reopen(), everything(), generation);
    expect(second.plan).toMatchObject({ actions: [], errors: [] });
    expect(reconciling.emulator.requests.slice(before).filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("changes what is different, field by field", async () => {
    await using reconciling = await startReconciling({ generation, registration: "open" });
    await reconcile(reconciling.context, everything(), generation);
    await asAdmin(reconciling.emulator, "PUT", "projects/acme/shop-api/", { name: "shop-api", eventThrottleRate: 0 });
    const alerts: { id: number; name: string }[] = await asAdmin(
      reconciling.emulator,
      "GET",
      "projects/acme/shop-api/alerts/",
    );
    const errors = alerts.find(({ name }) => name === "errors");
    await asAdmin(reconciling.emulator, "PUT", `projects/acme/shop-api/alerts/${errors?.id}/`, {
      name: "errors",
      quantity: 1,
      timespanMinutes: 10,
      alertRecipients: [{ recipientType: "email" }],
    });
    const { outcomes } = await reconcile(reconciling.reopen(), everything(), generation);
    expect(outcomes).toMatchObject([
      {
        result: "applied",
        action: { type: "update", kind: "project", changes: [{ field: "throttle", from: 0, to: 20 }] },
      },
      { result: "applied", action: { type: "update", kind: "alert", name: "errors" } },
    ]);
    expect(standing(reconciling)).toEqual(ALL_OF_IT);
    expect((await reconcile(reconciling.reopen(), everything(), generation)).plan.actions).toEqual([]);
  });

  it("follows a project that was renamed, and makes no second one", async () => {
    await using reconciling = await startReconciling({ generation, registration: "open" });
    await reconcile(reconciling.context, everything(), generation);
    const { emulator } = reconciling;
    await asAdmin(emulator, "PUT", "projects/acme/shop-api/", { name: "Shop, renamed" });
    await asAdmin(emulator, "PUT", "organizations/acme/", { name: "Acme and Sons" });
    const { outcomes } = await reconcile(reconciling.reopen(), everything(), generation);
    expect(outcomes.filter(({ action }) => action.type === "create")).toEqual([]);
    expect(emulator.snapshot().projects).toHaveLength(1);
    expect(emulator.snapshot().organizations).toHaveLength(1);
  });

  it("deletes with prune what nobody declared, and counts as done what is gone already", async () => {
    await using reconciling = await startReconciling({ generation, seed: { projects: 2, alertsPerProject: 2 } });
    const projects = [desiredProject("project-00001", { alerts: [] })];
    const desired = desiredServer({ prune: true, organizations: [desiredOrganization({ projects })] });
    // Of the same moment: somebody deletes one of the alerts while it is planned to go.
    const { emulator } = reconciling;
    emulator.fault({ method: "DELETE", path: /alerts\/1\/$/, effect: { kind: "reset", acted: true } });
    const { outcomes } = await reconcile(reconciling.context, desired, generation);
    expect(outcomes.map(({ action, result }) => `${result} ${action.type} ${action.kind} ${action.name}`)).toEqual([
      "applied delete alert alert-1",
      "applied delete alert alert-2",
      "applied delete project project-00002",
    ]);
    expect(standing(reconciling).projects).toEqual(["project-00001: backend"]);
  });
});

describe("one thing that fails", () => {
  it("stops only what would stand in it; the next apply makes it whole", async () => {
    await using reconciling = await startReconciling();
    const projects = ["one", "two"].map((name) =>
      desiredProject(name, { alerts: [desiredAlert("a"), desiredAlert("b")] }),
    );
    const desired = desiredServer({ organizations: [desiredOrganization({ teams: ["backend"], projects })] });
    const { emulator } = reconciling;
    emulator.fault({
      method: "POST",
      path: /\/backend\/projects\//,
      effect: { kind: "answer", status: 422, body: { detail: "no" } },
    });
    const { outcomes } = await reconcile(reconciling.context, desired);
    const told = outcomes.map((one) => `${one.result} ${one.action.kind} ${one.action.project ?? ""}`).sort();
    expect(told).toEqual([
      "applied alert two",
      "applied alert two",
      "applied organization ",
      "applied project two",
      "applied team ",
      "failed project one",
      "skipped alert one",
      "skipped alert one",
    ]);
    const next = await reconcile(reconciling.reopen(), desired);
    expect(next.outcomes.map(({ result }) => result)).toEqual(["applied", "applied", "applied"]);
    expect(standing(reconciling).projects).toHaveLength(2);
  });

  it("because the token is refused ends the run at once", async () => {
    await using reconciling = await startReconciling();
    const projects = Array.from({ length: 100 }, (_, at) => desiredProject(`p${at}`));
    const desired = desiredServer({ organizations: [desiredOrganization({ projects })] });
    reconciling.emulator.fault({
      method: "POST",
      path: /\/projects\//,
      nth: 3,
      times: 999,
      effect: { kind: "answer", status: 401, body: {} },
    });
    const { outcomes } = await reconcile(reconciling.context, desired);
    const count = (result: string) => outcomes.filter((one) => one.result === result).length;
    expect(count("failed") + count("skipped")).toBe(98);
    expect(count("failed")).toBeLessThan(41);
  });
});
