import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { CodedError } from "../../../../src/base/errors.ts";
import { type ImportOptions, importInto } from "../../../../src/management/import/index.ts";
import { merge } from "../../../../src/management/import/merge.ts";
import { editedText } from "../../../../src/management/import/text.ts";
import { TemporaryFolder } from "../../../support/workspace.ts";
import { SAMIRACHO, stateText } from "./state.ts";

const merged = (mine: object, theirs: object) => {
  const { additions, differences } = merge(mine, theirs);
  return {
    added: additions.map(({ path, value }) => [path.join("."), value]),
    differ: differences.map(({ path }) => path.join(".")),
  };
};

describe("what is imported beside what is declared", () => {
  it.each([
    ["adds what is not there", { a: 1 }, { b: { c: 2 } }, [["b", { c: 2 }]], []],
    ["fills what is empty", { projects: null }, { projects: { shop: {} } }, [["projects", { shop: {} }]], []],
    ["says nothing of what is the same", { a: [{ x: 1 }] }, { a: [{ x: 1 }] }, [], []],
    [
      "knows the items of lists by their names",
      { alerts: [{ name: "A", quantity: 1 }] },
      { alerts: [{ name: "b" }, { name: "a", uptime: true }, { name: "c" }] },
      [
        ["alerts.1", { name: "b" }],
        ["alerts.0.uptime", true],
        ["alerts.2", { name: "c" }],
      ],
      ["alerts.0.name"],
    ],
    [
      "knows keys by label and members by e-mail",
      { keys: [{ label: "x" }], members: [{ email: "A@x.org", role: "owner" }] },
      { keys: [{ label: "x" }], members: [{ email: "a@x.org", role: "member" }] },
      [],
      ["members.0.email", "members.0.role"],
    ],
    ["adds words to a list of words", { teams: ["a"] }, { teams: ["b", "a"] }, [["teams.1", "b"]], []],
    [
      "tells other contradictions",
      { a: 1, b: [{ type: "email" }] },
      { a: 2, b: [{ type: "webhook" }] },
      [],
      ["a", "b"],
    ],
  ])("%s", (_, mine, theirs, added, differ) => {
    expect(merged(mine, theirs)).toEqual({ added, differ });
  });
});

describe("the text", () => {
  it("keeps comments, order and what nobody touched", () => {
    const text = `# ours
version: 1 # of the format
projects:
  # the shop
  shop: {team: web} # flow
  jobs:
    alerts:
      - name: a # first
`;
    const edits = [
      { path: ["projects", "shop", "platform"], value: "node" },
      { path: ["projects", "jobs", "alerts", 1], value: { name: "b" } },
      { path: ["projects", "new"], value: { team: "x", alerts: [] } },
    ];
    expect(editedText(text, edits)).toBe(`# ours
version: 1 # of the format
projects:
  # the shop
  shop: {team: web, platform: node} # flow
  jobs:
    alerts:
      - name: a # first
      - name: b
  new:
    team: x
    alerts: []
`);
    expect(editedText(text, [])).toBe(text);
  });

  it("gets its place also where a key has nothing after it", () => {
    for (const text of ["projects:\n", "projects: {}\n", "version: 1\n"]) {
      const edited = editedText(text, [{ path: ["projects", "shop"], value: { alerts: [{ name: "a" }] } }]) ?? "";
      expect(parse(edited).projects).toEqual({ shop: { alerts: [{ name: "a" }] } });
      expect(edited).toMatch(/projects:\n {2}shop:\n/);
    }
  });
});

describe("a declaration that is there", () => {
  const MINE = `# our own
version: 1
server: {url: "https://errors.example.com", token: "vault:ci/glitchtip#token"} # stays
organization: Acme Inc
projects:
  Shop API: {team: backend, throttle: 20}
`;
  const run = async (folder: TemporaryFolder, more: Partial<ImportOptions> = {}) => {
    folder.write("state.json", stateText(SAMIRACHO));
    return await importInto(folder.path, {
      kind: "terraform",
      path: "state.json",
      file: "glitchtip.yaml",
      dryRun: false,
      ...more,
    });
  };

  it("is never overwritten in silence: each place that says something else is named, nothing is written", async () => {
    using folder = new TemporaryFolder();
    folder.write("glitchtip.yaml", MINE);
    const error: CodedError = await run(folder).then(
      () => expect.unreachable(),
      (one: unknown) => one as CodedError,
    );
    expect([error.code, error.problems]).toEqual(["GC1105", ["server.token", "projects.Shop API.throttle"]]);
    expect(folder.read("glitchtip.yaml")).toBe(MINE);
    expect(Object.keys(folder.files())).toEqual(["glitchtip.yaml", "state.json"]);
  });

  it("wins or gives way as it is told, and is added to, with its comments and without narrowing what it manages", async () => {
    using folder = new TemporaryFolder();
    folder.write("glitchtip.yaml", MINE, 0o640);
    const kept = await run(folder, { prefer: "mine" });
    expect([kept.kept, kept.added]).toEqual([
      ["server.token", "projects.Shop API.throttle"],
      [
        "teams",
        "members",
        "projects.Shop API.platform",
        "projects.Shop API.keys",
        "projects.Shop API.alerts",
        "projects.Shop API.monitors",
      ],
    ]);
    const text = folder.read("glitchtip.yaml");
    expect(text.startsWith(MINE.slice(0, MINE.indexOf("  Shop API")))).toBe(true);
    expect(parse(text)).toMatchObject({ projects: { "Shop API": { throttle: 20, platform: "node" } } });
    expect(parse(text).manage).toBeUndefined();
    expect(folder.mode("glitchtip.yaml")).toBe("640");
    const replaced = await run(folder, { prefer: "imported" });
    expect(replaced.replaced).toEqual(["server.token", "projects.Shop API.throttle"]);
    expect(parse(folder.read("glitchtip.yaml"))).toMatchObject({
      server: { token: "env:GLITCHTIP_TOKEN" },
      projects: { "Shop API": { throttle: 10 } },
    });
    expect(folder.read("glitchtip.yaml")).toContain("# stays");
  });

  it("of several servers gets what was imported where the address is the same, else as one more", async () => {
    using folder = new TemporaryFolder();
    const servers =
      'servers:\n  prod: {url: "https://errors.example.com", token: "env:GLITCHTIP_TOKEN", organization: Acme Inc}\n';
    folder.write("glitchtip.yaml", `version: 1\n${servers}`);
    const { text, ids } = await run(folder, { dryRun: true });
    expect(Object.keys(parse(text).servers)).toEqual(["prod"]);
    expect(parse(text).servers.prod.projects["Shop API"].platform).toBe("node");
    expect(Object.keys(ids)).toEqual(["prod"]);
    const other = await run(folder, { url: "https://stage.example.com" });
    expect(Object.keys(parse(other.text).servers)).toEqual(["prod", "stage.example.com"]);
    expect(Object.keys(folder.files())).toContain(".glitchtip/servers/stage.example.com.jsonl");
  });

  it("has its ids under its own name, where plan looks for them", async () => {
    using folder = new TemporaryFolder();
    folder.write("glitchtip.yaml", `name: prod\n${MINE}`);
    await run(folder, { prefer: "mine" });
    expect(Object.keys(folder.files())).toContain(".glitchtip/servers/prod.jsonl");
  });

  it("stays as it is in a dry run, which says what would become of it", async () => {
    using folder = new TemporaryFolder();
    folder.write("glitchtip.yaml", MINE);
    const { text, changed } = await run(folder, { prefer: "mine", dryRun: true });
    expect([changed, text.includes("High error rate"), folder.read("glitchtip.yaml")]).toEqual([true, true, MINE]);
    expect(Object.keys(folder.files())).toEqual(["glitchtip.yaml", "state.json"]);
  });

  it("is not added to below an alias or a merge key, where other things would change with it", async () => {
    for (const shop of ["*base", "{<<: *base}"]) {
      using folder = new TemporaryFolder();
      const text = `version: 1\nserver: {url: "https://errors.example.com", token: "env:GLITCHTIP_TOKEN"}\norganization: Acme Inc\nprojects:\n  other: &base {alerts: [{name: mine, quantity: 1, timespanMinutes: 1}]}\n  Shop API: ${shop}\n`;
      folder.write("glitchtip.yaml", text);
      await expect(run(folder)).rejects.toMatchObject({
        code: "GC1105",
        message: expect.stringContaining("an alias or a merge key"),
      });
      expect(folder.read("glitchtip.yaml")).toBe(text);
    }
  });

  it("that is no YAML is refused", async () => {
    using folder = new TemporaryFolder();
    folder.write("glitchtip.yaml", "a: [\n");
    await expect(run(folder)).rejects.toMatchObject({ code: "GC1101" });
  });
});
