import { describe, expect, it } from "vitest";
import { everything } from "../../support/desired-server.ts";
import { startServer } from "../../support/emulator.ts";
import { hastyClock, provisionOnce, temporaryFolders } from "../../support/provisioning.ts";
import { ALL_OF_IT, reconcile, standing, startReconciling } from "../../support/reconciling.ts";

describe("a create that the server does half", () => {
  it.each(["organizations", "teams", "projects", "members", "keys", "alerts", "monitors", "status-pages"])(
    "is completed before it counts as applied: %s",
    async (what) => {
      await using reconciling = await startReconciling({ generation: "5.2", registration: "open" });
      const path = new RegExp(`/${what}/$`);
      reconciling.emulator.fault({ method: "POST", path, times: 1, effect: { kind: "half-done" } });
      const { outcomes } = await reconcile(reconciling.context, everything(), "5.2");
      expect(outcomes.filter(({ result }) => result !== "applied")).toEqual([]);
      expect(standing(reconciling)).toEqual(ALL_OF_IT);
      expect((await reconcile(reconciling.reopen(), everything(), "5.2")).plan.actions).toEqual([]);
    },
    20_000,
  );

  it.each([
    [{ kind: "answer", status: 500 } as const, "created on attempt 2"],
    [{ kind: "half-done" } as const, "the server failed with 500; the incomplete object was repaired"],
  ])("says of an alert how it came to be: %j", async (effect, note) => {
    await using reconciling = await startReconciling({ generation: "5.2", registration: "open" });
    const { emulator } = reconciling;
    emulator.fault({ method: "POST", path: /\/alerts\/$/, times: 1, effect });
    const clock = hastyClock(emulator);
    const { outcomes } = await reconcile(reconciling.reopen({ clock }), everything(), "5.2");
    const notes = outcomes
      .filter(({ action }) => action.kind === "alert")
      .map((one) => ("note" in one ? one.note : undefined));
    expect(notes.filter((text) => text !== undefined)).toEqual([note]);
  });

  it("is completed by the provisioner, too", async () => {
    await using emulator = await startServer({ generation: "5.2" });
    using folders = temporaryFolders();
    emulator.fault({ method: "POST", path: /\/teams\/.*\/projects\/$/, effect: { kind: "half-done" } });
    await provisionOnce(emulator.url, folders);
    expect(emulator.snapshot().projects.filter(({ teams }) => teams.length === 0)).toEqual([]);
  }, 20_000);
});
