import { describe, expect, it } from "vitest";
import { GENERATIONS } from "../../../src/glitchtip/versions.ts";
import { observeServer } from "../../../src/management/observe.ts";
import { planServer } from "../../../src/reconcile/plan.ts";
import { asAdmin } from "../../support/admin-calls.ts";
import { desiredOrganization, desiredProject, desiredServer, seededServer } from "../../support/desired-server.ts";
import { hastyClock } from "../../support/provisioning.ts";
import { startReconciling } from "../../support/reconciling.ts";

const paths = (emulator: { requests: readonly { method: string; path: string }[] }) =>
  emulator.requests.map(({ method, path }) => `${method} ${path.replace(/[?&]cursor=.*/, "&cursor=…")}`);

describe.each(GENERATIONS)("reading a server of generation %s", (generation) => {
  it("asks one page for each hundred projects and one list for each project, and sees no change", async () => {
    await using reconciling = await startReconciling({ generation, seed: { projects: 120, alertsPerProject: 5 } });
    const { context, emulator } = reconciling;
    const desired = seededServer(120, 5);
    const { observed, problems } = await observeServer(context, desired);
    expect(problems).toEqual([]);
    if (observed === undefined) throw new Error("nothing was read");
    const options = { generation, strict: true };
    const plan = planServer(desired, observed, { ...options, known: context.store.known });
    expect(plan).toMatchObject({ actions: [], undeclared: [], warnings: [], errors: [] });
    expect(emulator.requests).toHaveLength(120 + 2);
    // With what the first run stored it goes to the organization's own list.
    context.store.replace(plan.known);
    const before = emulator.requests.length;
    const again = await observeServer(reconciling.reopen(), desired);
    expect(again).toMatchObject({ observed: { organizations: [{ slug: "acme", name: "Acme" }] }, problems: [] });
    expect(again.observed && planServer(desired, again.observed, { ...options, known: plan.known })).toEqual(plan);
    expect(emulator.requests).toHaveLength(before + 120 + 2);
    expect(paths(emulator).slice(before)).toContain("GET /api/0/organizations/acme/projects/?limit=100");
  });

  it("asks nothing about projects that are not declared, nor about kinds that are not managed", async () => {
    await using reconciling = await startReconciling({ generation, seed: { projects: 30, alertsPerProject: 2 } });
    const [first, second] = seededServer(2, 2).organizations[0]?.projects ?? [];
    const projects = [first, second && { ...second, alerts: undefined }].flatMap((one) => one ?? []);
    const desired = desiredServer({ manages: ["alert"], organizations: [desiredOrganization({ projects })] });
    await observeServer(reconciling.context, desired);
    expect(paths(reconciling.emulator)).toEqual([
      "GET /api/0/projects/?limit=100",
      "GET /api/0/projects/acme/project-00001/alerts/?limit=100",
    ]);
  });
});

describe("what cannot be read", () => {
  it("of one project is told, and the others are read", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 5, alertsPerProject: 1 } });
    reconciling.emulator.fault({
      path: /project-00003\/alerts/,
      times: 99,
      effect: { kind: "answer", status: 500 },
    });
    const context = reconciling.reopen({ clock: hastyClock() });
    // Another number than the server has: what is as declared is left out of the answer.
    const desired = seededServer(5, 2);
    const { observed, problems } = await observeServer(context, desired);
    expect(problems).toMatchObject([
      { instance: "prod", organization: "Acme", project: "project-00003", kind: "alert", error: { code: "GC1205" } },
    ]);
    const read = observed?.organizations[0]?.projects?.filter(({ alerts }) => alerts !== undefined);
    expect(read?.map(({ slug }) => slug)).toEqual(["project-00001", "project-00002", "project-00004", "project-00005"]);
  });

  it("because the token is refused is told once, whatever is declared", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 50, alertsPerProject: 1 } });
    reconciling.emulator.fault({ path: /alerts/, times: 999, effect: { kind: "answer", status: 401, body: {} } });
    const { observed, problems } = await observeServer(reconciling.context, seededServer(50, 1));
    expect(observed).toBeUndefined();
    expect(problems).toMatchObject([{ instance: "prod", error: { code: "GC1304" } }]);
  });

  it("of the list of projects leaves no part of a list behind", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 150, alertsPerProject: 0 } });
    reconciling.emulator.fault({ path: /projects\/.*cursor/, times: 99, effect: { kind: "answer", status: 500 } });
    const context = reconciling.reopen({ clock: hastyClock() });
    const projects = [desiredProject("project-00001", { teamIsDeclared: true })];
    const desired = desiredServer({ organizations: [desiredOrganization({ projects })] });
    const { observed, problems } = await observeServer(context, desired);
    expect(problems).toMatchObject([{ organization: "Acme", kind: "project", error: { code: "GC1205" } }]);
    expect(observed?.organizations).toMatchObject([{ slug: "acme" }]);
    expect(observed?.organizations[0]?.projects).toBeUndefined();
  });

  it("is given up when somebody stops it", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 50, alertsPerProject: 1 } });
    reconciling.emulator.fault({ path: /alerts/, times: 999, effect: { kind: "hang" } });
    const stop = new AbortController();
    const context = reconciling.reopen({ signal: stop.signal });
    const reading = observeServer(context, seededServer(50, 1));
    setTimeout(() => stop.abort(new Error("stopped")), 200);
    await expect(reading).rejects.toThrow("stopped");
  });
});

describe("a server that is full of other things", () => {
  it("tells about teams, members, monitors, keys and status pages where they are declared", async () => {
    await using reconciling = await startReconciling({ registration: "open", seed: { projects: 2 } });
    const { emulator, context } = reconciling;
    await asAdmin(emulator, "POST", "organizations/acme/members/", {
      email: "dev@example.com",
      orgRole: "admin",
      teamRoles: [{ teamSlug: "backend", role: "member" }],
    });
    await asAdmin(emulator, "POST", "organizations/acme/monitors/", {
      monitorType: "GET",
      name: "site",
      url: "https://shop.example/",
      interval: 60,
      timeout: 20,
      expectedStatus: 200,
      expectedBody: "",
      project: "1",
    });
    await asAdmin(emulator, "POST", "organizations/acme/status-pages/", { name: "Public", isPublic: true });
    const projects = [desiredProject("project-00001", { keys: [], monitors: [], alerts: [] })];
    const desired = desiredServer({
      organizations: [
        desiredOrganization({
          teams: ["backend"],
          members: [{ email: "dev@example.com", role: "admin", teams: ["backend"] }],
          statusPages: [],
          projects,
        }),
      ],
    });
    const { observed, problems } = await observeServer(context, desired);
    expect(problems).toEqual([]);
    expect(observed).toMatchObject({
      version: "6.2.6",
      account: "admin@example.com",
      organizations: [
        {
          name: "Acme",
          slug: "acme",
          teams: [{ slug: "backend" }],
          members: [
            { email: "dev@example.com", role: "admin", pending: true, teams: ["backend"] },
            { email: "admin@example.com", role: "owner", pending: false },
          ],
          monitors: [{ name: "site", type: "GET", intervalSeconds: 60, projectId: "1" }],
          statusPages: [{ name: "Public", slug: "public", isPublic: true }],
          projects: [{ slug: "project-00001", throttle: 0, keys: [{ label: "" }] }, { slug: "project-00002" }],
        },
      ],
    });
  });

  it("tells about all of it where everything is asked for", async () => {
    await using reconciling = await startReconciling({ seed: { projects: 3, alertsPerProject: 1 } });
    const { observed, problems } = await observeServer(reconciling.context, desiredServer(), { everything: true });
    expect(problems).toEqual([]);
    const [acme] = observed?.organizations ?? [];
    expect(acme).toMatchObject({
      teams: [{ slug: "backend" }],
      members: [{ email: "admin@example.com", teams: ["backend"] }],
      monitors: [],
      statusPages: [],
    });
    expect(acme?.projects?.map(({ alerts, keys, teams }) => [alerts?.length, keys?.length, teams])).toEqual(
      Array(3).fill([1, 1, ["backend"]]),
    );
  });

  it("that has no such organization is seen as it is", async () => {
    await using reconciling = await startReconciling();
    const desired = desiredServer({ organizations: [desiredOrganization()] });
    expect(await observeServer(reconciling.context, desired)).toEqual({
      observed: { organizations: [] },
      problems: [],
    });
  });
});
