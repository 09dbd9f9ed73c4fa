import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../src/emulator/index.ts";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import type { DesiredServer } from "../../../src/reconcile/desired.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import { everything } from "../../support/desired-server.ts";
import { PASSING_FAULTS } from "../../support/passing-faults.ts";
import { hastyClock } from "../../support/provisioning.ts";
import {
  ALL_OF_IT,
  notApplied,
  type Reconciling,
  reconcile,
  standing,
  startReconciling,
} from "../../support/reconciling.ts";

type Generation = (typeof GENERATIONS)[number];

const pruning = (): DesiredServer => ({ ...everything(), prune: true });
const alert = { timespanMinutes: 1, quantity: 1, alertRecipients: [{ recipientType: "email" }] };

/** All that was applied is changed by hand, and something of every kind that can be deleted is added. */
async function spoil(emulator: Emulator): Promise<void> {
  const ask = <T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> =>
    asAdmin(emulator, method, path, body);
  const [errors] = (await ask<{ id: number; name: string }[]>("GET", "projects/acme/shop-api/alerts/")).filter(
    ({ name }) => name === "errors",
  );
  const [monitor] = await ask<{ id: number }[]>("GET", "organizations/acme/monitors/");
  const members = await ask<{ id: string; email: string }[]>("GET", "organizations/acme/members/");
  const dev = members.find(({ email }) => email === "dev@example.com");
  const site = { monitorType: "GET", name: "site", url: "https://other.example/", interval: 120, timeout: 20 };
  const answer = { expectedStatus: 200, expectedBody: "" };
  await ask("PUT", "projects/acme/shop-api/", { name: "shop-api", slug: "shop-api", eventThrottleRate: 0 });
  await ask("PUT", `projects/acme/shop-api/alerts/${errors?.id}/`, { ...alert, name: "errors" });
  await ask("PUT", `organizations/acme/monitors/${monitor?.id}/`, { ...site, ...answer, project: "1" });
  await ask("PUT", `organizations/acme/members/${dev?.id}/`, { orgRole: "member", teamRoles: [] });
  await ask("DELETE", `organizations/acme/members/${dev?.id}/teams/backend/`);
  await ask("POST", `organizations/acme/members/${dev?.id}/teams/frontend/`, {});
  await ask("DELETE", "projects/acme/shop-api/teams/backend/");
  await ask("POST", "projects/acme/shop-api/alerts/", { ...alert, name: "theirs" });
  await ask("POST", "projects/acme/shop-api/keys/", { name: "theirs" });
  await ask("POST", "organizations/acme/monitors/", { ...site, ...answer, name: "theirs", project: "1" });
  await ask("POST", "organizations/acme/members/", { email: "x@example.com", orgRole: "member", teamRoles: [] });
  await ask("POST", "organizations/acme/teams/", { slug: "theirs" });
  await ask("POST", "teams/acme/theirs/projects/", { name: "theirs" });
}

async function startSpoiled(generation: Generation): Promise<Reconciling> {
  const reconciling = await startReconciling({ generation, registration: "open" });
  await reconcile(reconciling.context, everything(), generation);
  await spoil(reconciling.emulator);
  return reconciling;
}

async function writesOfApply(generation: Generation) {
  await using reconciling = await startSpoiled(generation);
  const { requests } = reconciling.emulator;
  const before = requests.length;
  const { outcomes } = await reconcile(reconciling.reopen(), pruning(), generation);
  expect(notApplied(outcomes)).toEqual([]);
  expect(standing(reconciling)).toEqual(ALL_OF_IT);
  const writes = requests.slice(before).filter(({ method }) => method !== "GET");
  const names = new Set(writes.map(({ method, path }) => `${method} ${path.replace(/(?<!\/api)\/\d+\//g, "/N/")}`));
  return [...names].map((name) => {
    const [method = "", path = ""] = name.split(" ");
    const ids = path.replace(/\/N\//g, "/\\d+/").replace(/keys\/[0-9a-f-]{36}\//, "keys/[0-9a-f-]{36}/");
    return { name, method, path: new RegExp(`^${ids}$`) };
  });
}

describe.each(GENERATIONS)("apply of changes and deletions on GlitchTip %s", (generation) => {
  it("updates and deletes, each kind by its own requests", async () => {
    const names = (await writesOfApply(generation)).map(({ name }) => name.replace(/keys\/[0-9a-f-]{36}/, "keys/ID"));
    expect(names.sort()).toEqual([
      "DELETE /api/0/organizations/acme/members/N/",
      "DELETE /api/0/organizations/acme/members/N/teams/frontend/",
      "DELETE /api/0/organizations/acme/monitors/N/",
      "DELETE /api/0/projects/acme/shop-api/alerts/N/",
      "DELETE /api/0/projects/acme/shop-api/keys/ID/",
      "DELETE /api/0/projects/acme/theirs/",
      "DELETE /api/0/teams/acme/theirs/",
      "POST /api/0/organizations/acme/members/N/teams/backend/",
      "POST /api/0/projects/acme/shop-api/teams/backend/",
      "PUT /api/0/organizations/acme/members/N/",
      "PUT /api/0/organizations/acme/monitors/N/",
      "PUT /api/0/projects/acme/shop-api/",
      "PUT /api/0/projects/acme/shop-api/alerts/N/",
    ]);
  });

  it.each(PASSING_FAULTS)("gets over one answer of $what, whichever write it hits", async ({ effect }) => {
    for (const { name, method, path } of await writesOfApply(generation)) {
      await using reconciling = await startSpoiled(generation);
      const { emulator } = reconciling;
      emulator.fault({ method, path, effect });
      const context = reconciling.reopen({ clock: hastyClock(emulator) });
      const { outcomes } = await reconcile(context, pruning(), generation);
      expect(notApplied(outcomes), name).toEqual([]);
      expect(standing(reconciling), name).toEqual(ALL_OF_IT);
      emulator.clearFaults();
      expect((await reconcile(reconciling.reopen(), pruning(), generation)).plan.actions, name).toEqual([]);
    }
  });
});
