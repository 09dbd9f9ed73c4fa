import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/base/wait.ts";
import { applyPlan } from "../../../src/management/apply.ts";
import { observeServer } from "../../../src/management/observe.ts";
import type { DesiredServer } from "../../../src/reconcile/desired.ts";
import { planServer } from "../../../src/reconcile/plan.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import {
  desiredAlert,
  desiredOrganization,
  desiredProject,
  desiredServer,
  everything,
} from "../../support/desired-server.ts";
import { notApplied, type Reconciling, reconcile, standing, startReconciling } from "../../support/reconciling.ts";

const withProjects = (over: Partial<DesiredServer>, ...projects: ReturnType<typeof desiredProject>[]) =>
  desiredServer({ organizations: [desiredOrganization({ projects })], ...over });

/** Plans, lets somebody else have a turn, and applies. */
async function applyAfter({ context }: Reconciling, desired: DesiredServer, turn: () => Promise<unknown>) {
  const { observed } = await observeServer(context, desired);
  if (observed === undefined) throw new Error("nothing was read");
  const options = { generation: "6", strict: true, known: context.store.known } as const;
  const { actions } = planServer(desired, observed, options);
  await turn();
  return await applyPlan(context, actions);
}

describe("what somebody does between plan and apply", () => {
  it("an alert that is gone is made again where it was to be changed", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 1, alertsPerProject: 1 } });
    const { emulator } = reconciling;
    const desired = withProjects({}, desiredProject("project-00001", { alerts: [desiredAlert("alert-1")] }));
    const outcomes = await applyAfter(reconciling, desired, () =>
      asAdmin(emulator, "DELETE", "projects/acme/project-00001/alerts/1/"),
    );
    expect(outcomes).toMatchObject([{ result: "applied", note: "number 1 was gone; created again" }]);
    expect(standing(reconciling).alerts).toEqual(["alert-1: 1"]);
  });

  it("an alert that somebody made anew under another number is changed instead", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 1, alertsPerProject: 1 } });
    const { emulator } = reconciling;
    const desired = withProjects({}, desiredProject("project-00001", { alerts: [desiredAlert("alert-1")] }));
    const outcomes = await applyAfter(reconciling, desired, async () => {
      await asAdmin(emulator, "DELETE", "projects/acme/project-00001/alerts/1/");
      await asAdmin(emulator, "POST", "projects/acme/project-00001/alerts/", { name: "alert-1", alertRecipients: [] });
    });
    expect(outcomes).toMatchObject([{ result: "applied", note: "number 1 was gone; number 2 was changed" }]);
    expect(standing(reconciling).alerts).toEqual(["alert-1: 1"]);
  });

  it("a project that got another address is changed there, known by its id", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 1 } });
    const { emulator } = reconciling;
    const desired = withProjects({}, desiredProject("project-00001", { throttle: 30 }));
    const outcomes = await applyAfter(reconciling, desired, async () => {
      await asAdmin(emulator, "PUT", "projects/acme/project-00001/", { name: "moved", slug: "moved" });
      await asAdmin(emulator, "POST", "teams/acme/backend/projects/", { name: "project-00001" });
    });
    expect(outcomes.map((one) => (one.result === "failed" ? one.error.message : one.result))).toEqual(["applied"]);
    const rates = await asAdmin<{ id: string; eventThrottleRate: number }[]>(emulator, "GET", "projects/");
    expect(rates.map(({ id, eventThrottleRate }) => `${id}: ${eventThrottleRate}`).sort()).toEqual(["1: 30", "2: 0"]);
  });

  it("a project is not deleted when its address belongs to another one now", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 2 } });
    const { emulator } = reconciling;
    const desired = withProjects({ prune: true }, desiredProject("project-00001"));
    await applyAfter(reconciling, desired, async () => {
      await asAdmin(emulator, "PUT", "projects/acme/project-00002/", { name: "moved", slug: "moved" });
      await asAdmin(emulator, "PUT", "projects/acme/project-00001/", { name: "x", slug: "project-00002" });
    });
    expect(standing(reconciling).projects).toEqual(["project-00002: backend"]);
    const left = emulator.snapshot().projects.filter(({ deleted }) => !deleted);
    expect(left.map(({ id }) => id)).toEqual([1]);
  });

  it("what is gone already counts as deleted", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 2, alertsPerProject: 1 } });
    const { emulator } = reconciling;
    const desired = withProjects({ prune: true }, desiredProject("project-00001", { alerts: [] }));
    const outcomes = await applyAfter(reconciling, desired, async () => {
      await asAdmin(emulator, "DELETE", "projects/acme/project-00001/alerts/1/");
      await asAdmin(emulator, "DELETE", "projects/acme/project-00002/");
    });
    expect(outcomes.map(({ result }) => result)).toEqual(["applied", "applied"]);
  });
});

describe("a create that fails in the middle", () => {
  it("and leaves an alert without recipients, which mails the whole team, is repaired", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 1 } });
    const { emulator } = reconciling;
    const alerts = "projects/acme/project-00001/alerts/";
    emulator.fault({ method: "POST", path: /alerts/, effect: { kind: "answer", status: 500 } });
    // In the pause before the look: what the recorded server leaves behind after such a 500.
    const clock: Clock = {
      now: () => 0,
      sleep: () => asAdmin(emulator, "POST", alerts, { name: "errors", timespanMinutes: 1, quantity: 1 }),
    };
    const desired = withProjects({}, desiredProject("project-00001", { alerts: [desiredAlert("errors")] }));
    const { outcomes } = await reconcile(reconciling.reopen({ clock }), desired);
    expect(outcomes).toMatchObject([{ result: "applied", note: expect.stringContaining("was repaired") }]);
    expect(await asAdmin(emulator, "GET", alerts)).toMatchObject([
      { name: "errors", timespanMinutes: 10, quantity: 100, alertRecipients: [{ recipientType: "email" }] },
    ]);
  });
});

describe("an invitation", () => {
  it("hands its link over where the server tells it, and never in clear", async () => {
    await using reconciling = await startReconciling({ registration: "open" });
    const { outcomes } = await reconcile(reconciling.context, everything());
    const invited = outcomes.find(({ action }) => action.kind === "member");
    if (invited?.result !== "applied") throw new Error("nobody was invited");
    expect(invited.inviteLink?.reveal()).toMatch(/\/accept\/\d+\/invitation$/);
    expect(JSON.stringify(invited)).not.toContain("/accept/");
  });

  it.each([
    ["5.2 without Valkey answers with 500", { kind: "answer", status: 500 }, "GC1205", "server.valkey: bundled"],
    ["is one too many in five minutes", { kind: "rate-limit" }, "GC1207", "50 invitations in five minutes"],
  ] as const)("that %s says the way out", async (_, effect, code, remedy) => {
    await using reconciling = await startReconciling({
      generation: "5.2",
      registration: "open",
      faults: [{ method: "POST", path: /\/members\/$/, times: Number.POSITIVE_INFINITY, effect }],
    });
    const clock: Clock = { now: () => Date.now(), sleep: async () => {} };
    const { outcomes } = await reconcile(reconciling.reopen({ clock }), everything(), "5.2");
    expect(outcomes.filter(({ action }) => action.kind === "member")).toMatchObject([
      { result: "failed", error: { code, remedy: expect.stringContaining(remedy) } },
    ]);
  });

  it("says where the link is to be found where the server does not tell it", async () => {
    await using reconciling = await startReconciling({ generation: "5.2", registration: "open" });
    const { outcomes } = await reconcile(reconciling.context, everything(), "5.2");
    expect(outcomes.find(({ action }) => action.kind === "member")).toMatchObject({
      note: expect.stringContaining("e-mail"),
    });
  });

  it("is refused where registration is closed, with what would help, and the rest goes on", async () => {
    await using reconciling = await startReconciling({ registration: "closed" });
    const { outcomes } = await reconcile(reconciling.context, everything());
    expect(notApplied(outcomes)).toMatchObject([
      {
        result: "failed",
        action: { kind: "member" },
        error: { code: "GC1305", remedy: expect.stringContaining("ENABLE_USER_REGISTRATION") },
      },
    ]);
  });
});
