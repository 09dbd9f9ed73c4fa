import { describe, expect, it } from "vitest";
import type { ObservedKey, ObservedMonitor } from "../../../src/reconcile/observed.ts";
import { acme, HEAD, lines, plan, project } from "../../support/planning.ts";

const SITE = "{name: site, type: GET, url: 'https://shop.example.com', intervalSeconds: 60}";
const site = (over: Partial<ObservedMonitor> = {}): ObservedMonitor => ({
  id: "3",
  name: "site",
  type: "GET",
  url: "https://shop.example.com",
  intervalSeconds: 60,
  timeoutSeconds: 20,
  expectedStatus: 200,
  expectedBody: "",
  projectId: "1",
  ...over,
});
const watched = (...monitors: readonly ObservedMonitor[]) =>
  acme([project("shop"), project("jobs", { id: "2" })], { monitors });
const monitors = (list: string, more = "") => `${HEAD}${more}projects: {shop: {monitors: [${list}]}, jobs: }\n`;

describe("monitors of a project", () => {
  it("need no action where they are as declared, with defaults", async () => {
    expect(lines(await plan(monitors(SITE), watched(site())))).toEqual([]);
  });

  it("are created for their project", async () => {
    const { actions } = await plan(monitors(SITE), watched());
    expect(actions).toMatchObject([
      {
        type: "create",
        project: "shop",
        at: { projectId: "1" },
        desired: { name: "site", type: "GET", timeoutSeconds: 20, expectedStatus: 200, expectedBody: "" },
      },
    ]);
  });

  it("are updated field by field", async () => {
    const { actions } = await plan(
      monitors(SITE),
      watched(site({ intervalSeconds: 120, url: "https://old.example.com" })),
    );
    expect(actions).toMatchObject([
      {
        type: "update",
        id: "3",
        changes: [
          { field: "intervalSeconds", from: 120, to: 60 },
          { field: "url", from: "https://old.example.com", to: "https://shop.example.com" },
        ],
      },
    ]);
  });

  it("are left alone where they belong to other projects or to none", async () => {
    const others = watched(site(), site({ id: "4", projectId: "2" }), site({ id: "5", projectId: null }));
    expect(lines(await plan(monitors(SITE, "prune: true\n"), others))).toEqual([]);
  });

  it("are compared without // and case for TCP ports, as the server stores them", async () => {
    const declared = "{name: db, type: TCP Port, url: 'DB.example.com:5432'}";
    const there = site({ name: "db", type: "TCP Port", url: "db.example.com:5432", expectedStatus: null });
    expect(lines(await plan(monitors(declared), watched(there)))).toEqual([]);
  });

  it("have neither URL nor timeout as heartbeats", async () => {
    const there = site({ name: "beat", type: "Heartbeat", url: "", expectedStatus: null, timeoutSeconds: null });
    expect(lines(await plan(monitors("{name: beat, type: Heartbeat}"), watched(there)))).toEqual([]);
  });

  it("are refused for 6 at private addresses, TCP ports included, with the setting's name", async () => {
    for (const monitor of ["{name: in, url: 'http://10.0.0.1/'}", "{name: in, type: TCP Port, url: '10.0.0.1:80'}"]) {
      const { actions, errors } = await plan(monitors(monitor), watched(), { generation: "6" });
      expect(actions).toEqual([]);
      expect(errors).toMatchObject([{ message: expect.stringContaining("GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS=true") }]);
    }
  });

  it("are told apart by id where they have one name; the one as declared is kept", async () => {
    const { actions, undeclared } = await plan(monitors(SITE), watched(site({ id: "2", intervalSeconds: 9 }), site()));
    expect(actions).toEqual([]);
    expect(undeclared).toMatchObject([{ id: "2", note: expect.stringContaining("number 3 is kept") }]);
  });

  it("show neither old nor new URL where it is a secret", async () => {
    const declared = "{name: site, type: GET, url: 'env:SITE'}";
    const { actions } = await plan(monitors(declared), watched(site({ url: "https://shop.example.com/old-s3cret" })), {
      secrets: { "env:SITE": "https://shop.example.com/new-s3cret" },
    });
    expect(actions[0]?.changes).toEqual([
      {
        field: "url",
        from: "https://shop.example.com/[secret]",
        to: "https://shop.example.com/[secret] (another secret)",
      },
    ]);
  });
});

it("monitors of no project are declared beside the projects", async () => {
  const free = acme([], { monitors: [site({ projectId: null }), site({ id: "4", name: "old", projectId: null })] });
  expect(lines(await plan(`${HEAD}prune: true\nmonitors: [${SITE}]\n`, free))).toEqual(["delete monitor old"]);
});

describe("keys of a project", () => {
  const key = (label: string, over: Partial<ObservedKey> = {}): ObservedKey => ({
    id: label,
    label,
    rateLimit: null,
    ...over,
  });
  const keyed = (...keys: readonly ObservedKey[]) => acme([project("shop", { keys })]);
  const keys = (list: string, more = "") => `${HEAD}${more}projects: {shop: {keys: [${list}]}}\n`;

  it("are created with their label and rate limit", async () => {
    const { actions } = await plan(keys("{label: web, rateLimit: {window: 60, count: 100}}"), keyed(key("")));
    expect(actions).toMatchObject([
      { type: "create", name: "web", changes: [{ field: "rateLimit", to: "100 events in 60 s" }] },
    ]);
  });

  it("are reported where the rate limit differs, because GlitchTip answers such an update with 200 and does nothing", async () => {
    const { actions, warnings } = await plan(
      keys("{label: web, rateLimit: {window: 60, count: 100}}"),
      keyed(key("web")),
    );
    expect(actions).toEqual([]);
    expect(warnings).toMatchObject([{ message: expect.stringContaining("GlitchTip cannot change a key") }]);
  });

  it("are deleted with prune where they are not declared, with a warning about lost events", async () => {
    const { actions } = await plan(keys("{label: web}", "prune: true\n"), keyed(key("web"), key("old")));
    expect(actions).toMatchObject([
      { type: "delete", name: "old", warning: expect.stringContaining("block its project for 30 s") },
    ]);
  });

  it("are never deleted where the stack's apps use them or GlitchTip created them with the project", async () => {
    expect(lines(await plan(keys("", "prune: true\n"), keyed(key("glitchtip-compose"), key(""))))).toEqual([]);
  });
});

describe("status pages", () => {
  const page = (isPublic: boolean) => acme([], { statusPages: [{ slug: "public", name: "Public", isPublic }] });
  const pages = `${HEAD}prune: true\nstatusPages: [{name: Public, isPublic: true}]\n`;

  it("are created", async () => {
    expect(lines(await plan(pages, acme([], { statusPages: [] })))).toEqual(["create statusPage Public"]);
  });

  it("are reported where they differ, because the API can only list and create them", async () => {
    const { actions, warnings } = await plan(pages, page(false));
    expect(actions).toEqual([]);
    expect(warnings).toMatchObject([{ message: expect.stringContaining("GlitchTip's API cannot change it") }]);
  });

  it("are not reported where they are undeclared, because they may be another organization's", async () => {
    const { actions, undeclared } = await plan(`${HEAD}prune: true\nstatusPages: []\n`, page(true));
    expect([actions, undeclared]).toEqual([[], []]);
  });
});
