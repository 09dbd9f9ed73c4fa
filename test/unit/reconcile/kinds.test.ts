import { describe, expect, it } from "vitest";
import type { ObservedKey, ObservedMonitor } from "../../../src/reconcile/observed.ts";
import { acme, HEAD, lines, plan, project } from "../../support/inside.ts";

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
  it("that are as declared, with the defaults, need nothing", async () => {
    expect(lines(await plan(monitors(SITE), watched(site())))).toEqual([]);
  });

  it("that are missing are made for their project", async () => {
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

  it("that differ are changed field by field", async () => {
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

  it("of other projects, or of none, are nobody's business", async () => {
    const others = watched(site(), site({ id: "4", projectId: "2" }), site({ id: "5", projectId: null }));
    expect(lines(await plan(monitors(SITE, "prune: true\n"), others))).toEqual([]);
  });

  it("of a TCP port are the same with and without //, in any case, as the server keeps them", async () => {
    const declared = "{name: db, type: TCP Port, url: 'DB.example.com:5432'}";
    const there = site({ name: "db", type: "TCP Port", url: "db.example.com:5432", expectedStatus: null });
    expect(lines(await plan(monitors(declared), watched(there)))).toEqual([]);
  });

  it("of a heartbeat have neither address nor timeout", async () => {
    const there = site({ name: "beat", type: "Heartbeat", url: "", expectedStatus: null, timeoutSeconds: null });
    expect(lines(await plan(monitors("{name: beat, type: Heartbeat}"), watched(there)))).toEqual([]);
  });

  it("at private addresses are refused for 6, with the setting's name; TCP ports, too", async () => {
    for (const monitor of ["{name: in, url: 'http://10.0.0.1/'}", "{name: in, type: TCP Port, url: '10.0.0.1:80'}"]) {
      const { actions, errors } = await plan(monitors(monitor), watched(), { generation: "6" });
      expect(actions).toEqual([]);
      expect(errors).toMatchObject([{ message: expect.stringContaining("GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS=true") }]);
    }
  });

  it("of one name are told apart by number: the one as declared is kept", async () => {
    const { actions, undeclared } = await plan(monitors(SITE), watched(site({ id: "2", intervalSeconds: 9 }), site()));
    expect(actions).toEqual([]);
    expect(undeclared).toMatchObject([{ id: "2", note: expect.stringContaining("number 3 is kept") }]);
  });

  it("whose address is a secret show neither the new one nor the old one", async () => {
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

  it("that are missing are made with their label and rate limit", async () => {
    const { actions } = await plan(keys("{label: web, rateLimit: {window: 60, count: 100}}"), keyed(key("")));
    expect(actions).toMatchObject([
      { type: "create", name: "web", changes: [{ field: "rateLimit", to: "100 events in 60 s" }] },
    ]);
  });

  it("of another rate limit are told: GlitchTip answers such a change with 200 and does nothing", async () => {
    const { actions, warnings } = await plan(
      keys("{label: web, rateLimit: {window: 60, count: 100}}"),
      keyed(key("web")),
    );
    expect(actions).toEqual([]);
    expect(warnings).toMatchObject([{ message: expect.stringContaining("GlitchTip cannot change a key") }]);
  });

  it("that are not declared go with prune, and it says what that does to events", async () => {
    const { actions } = await plan(keys("{label: web}", "prune: true\n"), keyed(key("web"), key("old")));
    expect(actions).toMatchObject([
      { type: "delete", name: "old", warning: expect.stringContaining("block its project for 30 s") },
    ]);
  });

  it("of the stack's applications and the one that came with the project are never taken away", async () => {
    expect(lines(await plan(keys("", "prune: true\n"), keyed(key("glitchtip-compose"), key(""))))).toEqual([]);
  });
});

describe("status pages", () => {
  const page = (isPublic: boolean) => acme([], { statusPages: [{ slug: "public", name: "Public", isPublic }] });
  const pages = `${HEAD}prune: true\nstatusPages: [{name: Public, isPublic: true}]\n`;

  it("that are missing are made", async () => {
    expect(lines(await plan(pages, acme([], { statusPages: [] })))).toEqual(["create statusPage Public"]);
  });

  it("that differ are told: the API can only list and make them", async () => {
    const { actions, warnings } = await plan(pages, page(false));
    expect(actions).toEqual([]);
    expect(warnings).toMatchObject([{ message: expect.stringContaining("GlitchTip's API cannot change it") }]);
  });

  it("that nobody declared may be another organization's: nothing is said of them", async () => {
    const { actions, undeclared } = await plan(`${HEAD}prune: true\nstatusPages: []\n`, page(true));
    expect([actions, undeclared]).toEqual([[], []]);
  });
});
