import { describe, expect, it } from "vitest";
import { newerImages } from "../../../../src/backup/upgrade/check.ts";
import { planUpgrade, type UpgradeSituation, type WantedUpgrade } from "../../../../src/backup/upgrade/plan.ts";
import { editedDeclaration } from "../../../../src/backup/upgrade/settings.ts";
import { loadDeclaration } from "../../../../src/config/load.ts";

const text = (server: string) => `# The shop's.
version: 1
server:
  ${server} # ours since spring
  port: 8010
admin: {email: admin@example.com}
organization: Acme
projects: {shop: {team: backend}}
apps: {api: {project: shop}}
`;

const situation = (image: string, more: Partial<UpgradeSituation> = {}): UpgradeSituation => ({
  declaration: loadDeclaration(text(`image: ${image}`), "glitchtip.yaml"),
  declarationText: text(`image: ${image}`),
  env: {},
  facts: () => undefined,
  postgres: { image: "postgres:18", major: 18, volumes: ["glitchtip-db"], majorOf: () => undefined },
  ...more,
});

const postgres = (image: string, major: number, volumes = ["glitchtip-db"]) => ({
  postgres: { image, major, volumes, majorOf: () => undefined },
});

const plan = (image: string, wanted: WantedUpgrade, more: Partial<UpgradeSituation> = {}) =>
  planUpgrade(situation(image, more), wanted);

const refusal = (...args: Parameters<typeof plan>) => {
  try {
    plan(...args);
  } catch (error) {
    return JSON.parse(JSON.stringify(error));
  }
  throw new Error("it was not refused");
};

describe("the plan of an upgrade", () => {
  it("lists what changes from 5.1 to 6: topology, roles, variables, Valkey, refusals", () => {
    const { changes, afterwards } = plan("glitchtip/glitchtip:v5.1.1", { to: "6" });
    expect(changes).toEqual([
      "topology: split → all-in-one; server.topology decides",
      "web: SERVER_ROLE=web ./bin/start.sh → SERVER_ROLE=all_in_one ./bin/start.sh",
      "variables that are removed: UWSGI_ADD_HEADER, CELERY_WORKER_POOL, CELERY_WORKER_CONCURRENCY, CELERY_WORKER_PREFETCH_MULTIPLIER, REDIS_URL",
      "variables that are added: SKIP_INIT",
      expect.stringContaining("retention: events: GLITCHTIP_MAX_EVENT_LIFE_DAYS → GLITCHTIP_RETENTION_DAYS"),
      "Valkey is no longer needed and is removed; server.valkey: bundled keeps it",
      "behind https its cookies are Secure",
      "alerts and monitors to inner addresses are refused unless the server allows them",
      "an event with a wrong key blocks that key only",
    ]);
    expect(afterwards.join()).toContain("manage import_legacy_events --end-date YYYY-MM-DD");
    expect(afterwards.join()).toContain("drop table issue_events_issueevent_archive cascade");
  });

  it("changes only the image within generation 6", () => {
    expect(plan("glitchtip/glitchtip:6.1", { to: "6.2.6" })).toMatchObject({ changes: [], afterwards: [] });
  });

  it("compares image ids for a moving tag: only another image is an upgrade", () => {
    const facts = () => ({ id: "new", version: "6.3.0" });
    const same = { facts, running: { id: "new", version: "6.3.0" } };
    expect(plan("glitchtip/glitchtip:6", {}, same).nothingToDo).toBe(true);
    const older = { facts, running: { id: "old", version: "6.2.6" } };
    expect(plan("glitchtip/glitchtip:6", {}, older)).toMatchObject({ nothingToDo: false, from: { version: "6.2.6" } });
  });

  it.each<{ what: string; image: string; wanted: WantedUpgrade; more?: Partial<UpgradeSituation>; says: string }>([
    { what: "over two majors", image: "x/y:v4.1.5", wanted: { to: "6" }, says: "first x/y:v4.2.x" },
    { what: "back", image: "x/y:6", wanted: { to: "5.2.1" }, says: "x/y:5.2.1 is older" },
    {
      what: "to less than what migrated the database",
      image: "x/y:6.1",
      wanted: { to: "6.2" },
      more: { database: "6.3.0" },
      says: "already migrated by 6.3.0",
    },
    { what: "to a tag that tells nothing", image: "x/y:6", wanted: { to: "own/build:latest" }, says: "--generation" },
    {
      what: "on a Postgres that is too old",
      image: "x/y:v4.2.1",
      wanted: { to: "5" },
      more: postgres("postgres:13", 13),
      says: "needs Postgres 14",
    },
    {
      what: "to an older Postgres",
      image: "x/y:6",
      wanted: { postgres: "postgres:15" },
      says: "older than Postgres 18",
    },
    { what: "to a Postgres of nobody knows", image: "x/y:6", wanted: { postgres: "own:x" }, says: "not known" },
  ])("refuses an upgrade $what before anything is changed", ({ image, wanted, more, says }) => {
    const { code, ...rest } = refusal(image, wanted, more);
    expect(code).toBe("GC1808");
    expect(JSON.stringify(rest)).toContain(says);
    expect(rest.remedy).toContain("Nothing was changed.");
  });

  it("takes an unused volume for another major of Postgres, and says so", () => {
    const at15 = postgres("postgres:15", 15, ["glitchtip-db", "glitchtip-db-18"]);
    const found = plan("x/y:6", { postgres: "18" }, { ...at15, env: { GLITCHTIP_POSTGRES_IMAGE: "postgres:15" } });
    expect(found.postgres).toEqual({ from: "postgres:15", to: "postgres:18", volume: "glitchtip-db-18-2" });
    expect(found.settings.env).toEqual([
      { name: "GLITCHTIP_POSTGRES_IMAGE", before: "postgres:15", after: "postgres:18" },
    ]);
    expect(found.changes.join()).toContain("glitchtip-db stays as it is");
  });

  it("keeps the volume within a major of Postgres", () => {
    expect(plan("x/y:6", { postgres: "18.2" }).postgres).toBeUndefined();
  });
});

describe("the edited declaration", () => {
  it.each([
    "image: glitchtip/glitchtip:v5.1.1",
    'generation: "5.1"\n  image: own/build:latest',
    "postgres: {image:   'postgres:18'} # old\n  image: glitchtip/glitchtip:v5.1.1",
  ])("keeps every comment, and is restored byte by byte: %s", (server) => {
    const before = text(server);
    const declaration = loadDeclaration(before, "glitchtip.yaml");
    const { settings } = planUpgrade(
      { ...situation("x:6"), declaration, declarationText: before },
      { to: "glitchtip/glitchtip:6", postgres: "19" },
    );
    const after = editedDeclaration(before, settings, "after");
    expect(after).toContain("# ours since spring");
    expect(loadDeclaration(after, "glitchtip.yaml").server).toMatchObject({
      image: "glitchtip/glitchtip:6",
      postgres: { image: "postgres:19", volume: "glitchtip-db-19" },
    });
    expect(editedDeclaration(after, settings, "before")).toBe(before);

    const edited = `# Next year's.\n${after}`;
    const back = editedDeclaration(edited, settings, "before");
    expect(back).toContain("# Next year's.");
    expect(loadDeclaration(back, "glitchtip.yaml")).toEqual(declaration);
  });
});

it("newer images are those that one upgrade leads to, newest first", () => {
  const here = ["x/y:6", "x/y:5.2.1", "x/y:v5.1.1", "x/y:latest", "x/y:6.2.6", "x/y:7"];
  expect(newerImages("x/y:v5.1.1", here)).toEqual(["x/y:6", "x/y:6.2.6", "x/y:5.2.1"]);
  expect(newerImages("x/y:latest", here)).toEqual([]);
});
