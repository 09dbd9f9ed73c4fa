import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Known } from "../../../src/glitchtip/identity.ts";
import { changesOfAction, type ProvisionChange } from "../../../src/provision/check.ts";
import { desiredOrganization } from "../../../src/provision/desired.ts";
import type { Observed } from "../../../src/provision/observe.ts";
import {
  type DesiredOrganization,
  needsTeamList,
  type ObservedProject,
  planProvisioning,
} from "../../../src/reconcile/index.ts";
import { propertyRuns } from "../../support/property-runs.ts";

const NOTHING_KNOWN: Known = { projects: {} };

const want = (...projects: readonly (readonly [name: string, team: string])[]): DesiredOrganization =>
  desiredOrganization({
    organization: "Acme",
    projects: Object.fromEntries(projects.map(([name, team]) => [name, { team }])),
    apps: {},
  });

const project = (id: string, name: string, teams: readonly string[], slug = `${name}-slug`): ObservedProject => ({
  id,
  slug,
  name,
  dateCreated: `2026-08-01T10:00:00.${id.padStart(6, "0")}Z`,
  platform: null,
  throttle: 0,
  teams,
});

const ACME = { id: "1", slug: "acme", dateCreated: "2026-08-01T09:00:00.000000Z" };
const inAcme = (projects: ObservedProject[], teams?: readonly string[]): NonNullable<Observed> => ({
  ...ACME,
  projects,
  ...(teams === undefined ? {} : { teams: teams.map((slug) => ({ id: slug, slug })) }),
});

/** The plan as `provision --json` shows it. */
const planProvision = (desired: DesiredOrganization, observed: Observed, known: Known): ProvisionChange[] =>
  planProvisioning("here", desired, observed, known.projects).flatMap(changesOfAction);

describe("the plan", () => {
  it("creates the organization, each team once, then the projects, for an empty server", () => {
    const desired = want(["shop-api", "backend"], ["shop-web", "frontend"], ["jobs", "backend"]);
    expect(planProvision(desired, undefined, NOTHING_KNOWN)).toEqual([
      { type: "create-organization", name: "Acme" },
      { type: "create-team", slug: "backend" },
      { type: "create-team", slug: "frontend" },
      { type: "create-project", name: "shop-api", team: "backend", platform: undefined },
      { type: "create-project", name: "shop-web", team: "frontend", platform: undefined },
      { type: "create-project", name: "jobs", team: "backend", platform: undefined },
    ]);
  });

  it("is empty when everything is there, and never deletes what is not declared", () => {
    const observed = inAcme([project("1", "shop-api", ["backend", "others"]), project("2", "theirs", [])]);
    expect(planProvision(want(["shop-api", "backend"]), observed, NOTHING_KNOWN)).toEqual([]);
  });

  it("links a project that is there without its team, by the address that the server gave", () => {
    const observed = inAcme([project("1", "Shop API", ["others"], "shop-api-2")], ["others", "backend"]);
    expect(planProvision(want(["Shop API", "backend"]), observed, NOTHING_KNOWN)).toEqual([
      { type: "link-team", project: "shop-api-2", team: "backend" },
    ]);
  });

  it("creates a missing team first", () => {
    const observed = inAcme([project("1", "shop-api", [])], []);
    expect(planProvision(want(["shop-api", "backend"]), observed, NOTHING_KNOWN).map(({ type }) => type)).toEqual([
      "create-team",
      "link-team",
    ]);
  });

  it("recognizes a renamed project", () => {
    const renamed = { ...project("1", "Shop, renamed", ["backend"]) };
    const known = { projects: { "shop-api": { ...renamed } } };
    expect(planProvision(want(["shop-api", "backend"]), inAcme([renamed]), known)).toEqual([]);
  });

  it("does not take another database's project for a known one by its number", () => {
    const theirs = project("1", "theirs", ["backend"]);
    const known = { projects: { "shop-api": { ...theirs, dateCreated: "2020-01-01T00:00:00Z" } } };
    expect(planProvision(want(["shop-api", "backend"]), inAcme([theirs]), known)).toMatchObject([
      { type: "create-project", name: "shop-api" },
    ]);
  });

  it("refuses to choose between two of the same name", () => {
    const twice = inAcme([
      project("1", "shop-api", ["backend"], "shop-api"),
      project("2", "shop-api", [], "shop-api-2"),
    ]);
    expect(() => planProvision(want(["shop-api", "backend"]), twice, NOTHING_KNOWN)).toThrow(
      expect.objectContaining({ code: "GC1407", message: '2 projects are called "shop-api": shop-api, shop-api-2' }),
    );
  });
});

describe("teams are asked for", () => {
  it("only when the projects do not show them all", () => {
    const desired = want(["shop-api", "backend"], ["shop-web", "frontend"]);
    const needsTeams = (projects: ObservedProject[]) => needsTeamList(desired, projects, () => true);
    expect(needsTeams([project("1", "shop-api", ["backend"])])).toBe(true);
    expect(needsTeams([project("1", "anything", ["frontend", "backend"])])).toBe(false);
  });
});

describe("carrying a plan out", () => {
  const name = fc.constantFrom("shop", "web", "jobs", "billing", "商店");
  const team = fc.constantFrom("backend", "frontend", "ops");
  const desired = fc
    .uniqueArray(fc.tuple(name, team), { selector: ([one]) => one, maxLength: 5 })
    .map((projects) => want(...projects));
  const server = fc.record({
    exists: fc.boolean(),
    teams: fc.uniqueArray(team),
    projects: fc.uniqueArray(fc.tuple(name, fc.uniqueArray(team)), { selector: ([one]) => one }),
  });
  const observed = server.map(({ exists, teams, projects }): Observed => {
    if (!exists) return undefined;
    const there = projects.map(([one, of], at) => project(String(at + 1), one, of));
    const all = new Set([...teams, ...there.flatMap((one) => one.teams)]);
    return inAcme(there, [...all]);
  });

  /** Carries a plan out as a real server would, which refuses what is missing or there already. */
  function carryOut(before: Observed, actions: readonly ProvisionChange[]): Observed {
    let exists = before !== undefined;
    const teams = new Set(before?.teams?.map(({ slug }) => slug));
    const projects = [...(before?.projects ?? [])];
    const refuseUnless = (fine: boolean, refusal: string) => {
      if (!fine) throw new Error(refusal);
    };
    for (const action of actions) {
      refuseUnless(exists || action.type === "create-organization", `${action.type} without an organization`);
      switch (action.type) {
        case "create-organization":
          exists = true;
          break;
        case "create-team":
          refuseUnless(!teams.has(action.slug), `500: team ${action.slug} is there already`);
          teams.add(action.slug);
          break;
        case "create-project":
          refuseUnless(teams.has(action.team), `404: no team ${action.team}`);
          refuseUnless(!projects.some((one) => one.name === action.name), `a second ${action.name}`);
          projects.push(project(String(projects.length + 1), action.name, [action.team]));
          break;
        case "link-team": {
          refuseUnless(teams.has(action.team), `404: no team ${action.team}`);
          const at = projects.findIndex(({ slug }) => slug === action.project);
          const found = projects[at];
          if (found === undefined) throw new Error(`404: no project ${action.project}`);
          projects[at] = { ...found, teams: [...found.teams, action.team] };
          break;
        }
        default:
          throw new Error(`${action.type} in a plan`);
      }
    }
    return exists ? inAcme(projects, [...teams]) : undefined;
  }

  it("works in its order, leaves nothing to plan, and deletes nothing, for any server and declaration", () => {
    fc.assert(
      fc.property(desired, observed, (wanted, before) => {
        const after = carryOut(before, planProvision(wanted, before, NOTHING_KNOWN));
        expect(planProvision(wanted, after, NOTHING_KNOWN)).toEqual([]);
        const idsOf = (one: Observed) => (one?.projects ?? []).map(({ id }) => id);
        expect(idsOf(after)).toEqual(expect.arrayContaining(idsOf(before)));
        for (const { name: one, team: of } of wanted.projects) {
          const teams = after?.projects?.find((found) => found.name === one)?.teams ?? [];
          expect(teams).toContain(of);
        }
      }),
      propertyRuns(300),
    );
  });

  it("is finished by the next plan after an interruption at any step, with nothing twice", () => {
    fc.assert(
      fc.property(desired, observed, fc.nat(10), (wanted, before, cut) => {
        const between = carryOut(before, planProvision(wanted, before, NOTHING_KNOWN).slice(0, cut));
        const after = carryOut(between, planProvision(wanted, between, NOTHING_KNOWN));
        expect(planProvision(wanted, after, NOTHING_KNOWN)).toEqual([]);
      }),
      propertyRuns(300),
    );
  });
});
