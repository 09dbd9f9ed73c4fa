import { describe, expect, it } from "vitest";
import { asAdmin } from "../../support/admin-calls.ts";
import { desired } from "../../support/planning.ts";
import { type Reconciling, reconcile, startReconciling } from "../../support/reconciling.ts";

const HEAD = "version: 1\nserver: {url: https://glitchtip.example.com, token: 'env:TOKEN'}\n";
const SHOP = "statusPages: [{name: Shop, isPublic: true}]\n";

/** How many status pages of a name there are. */
async function pages({ emulator }: Reconciling): Promise<number> {
  return (await asAdmin<{ name: string }[]>(emulator, "GET", "organizations/acme/status-pages/")).length;
}

const applied = async (reconciling: Reconciling, text: string) => {
  const { plan, outcomes } = await reconcile(reconciling.reopen(), await desired(HEAD + text), "5.2");
  return { warnings: plan.warnings.map(({ message }) => message), made: outcomes.map(({ action }) => action.kind) };
};

describe("a declared status page", () => {
  it("is made although another organization of the account has one of that name", async () => {
    await using reconciling = await startReconciling({ generation: "5.2" });
    await applied(reconciling, `organization: Beta\n${SHOP}`);
    const both = `organizations:\n  Beta: {${SHOP.trim()}}\n  Acme: {${SHOP.trim()}}\n`;
    expect(await applied(reconciling, both)).toEqual({ warnings: [], made: ["organization", "statusPage"] });
    expect(await pages(reconciling)).toBe(2);
    expect(await applied(reconciling, both)).toEqual({ warnings: [], made: [] });
  });

  it("is told, and not made, where nothing says whose the page of that name is", async () => {
    await using reconciling = await startReconciling({ generation: "5.2" });
    for (const name of ["Beta", "Acme"]) await asAdmin(reconciling.emulator, "POST", "organizations/", { name });
    await asAdmin(reconciling.emulator, "POST", "organizations/beta/status-pages/", { name: "Shop", isPublic: true });
    const { warnings, made } = await applied(reconciling, `organization: Acme\n${SHOP}`);
    expect(made).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/^status page "Shop": GlitchTip does not say to which .* none is created/),
    ]);
  });

  it("is found where the answer to its create was lost, and another organization has one of that name", async () => {
    await using reconciling = await startReconciling({ generation: "5.2" });
    for (const name of ["Beta", "Acme"]) await asAdmin(reconciling.emulator, "POST", "organizations/", { name });
    await applied(reconciling, `organization: Beta\n${SHOP}`);
    const acted = { method: "POST", path: /status-pages\/$/ };
    reconciling.emulator.fault({ ...acted, effect: { kind: "reset", acted: false } });
    const both = `organizations:\n  Beta: {${SHOP.trim()}}\n  Acme: {${SHOP.trim()}}\n`;
    expect(await applied(reconciling, both)).toEqual({ warnings: [], made: ["statusPage"] });
    expect(await pages(reconciling)).toBe(2);
  });
});
