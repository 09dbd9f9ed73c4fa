import { describe, expect, it } from "vitest";
import { acme, alert, HEAD, lines, organization, plan, project } from "../../support/planning.ts";

const OLD = alert("old", { id: "7" });
const observed = acme([project("shop", { alerts: [OLD] }), project("jobs", { id: "2", alerts: [OLD] })], {
  teams: [
    { id: "1", slug: "developers" },
    { id: "2", slug: "others" },
  ],
  members: [{ id: "1", email: "x@example.com", role: "member", pending: false, teams: [] }],
  monitors: [],
  statusPages: [],
});

describe("what is managed", () => {
  it("is what the declaration names; a kind without its key is not changed, even with prune", async () => {
    const { actions, undeclared } = await plan(`${HEAD}prune: true\nprojects: {shop: , jobs: }\n`, observed);
    expect([actions, undeclared]).toEqual([[], []]);
  });

  it("is only what `manage` names; other kinds are not changed although they are declared", async () => {
    const declaration = `${HEAD}manage: alerts\nteams: [new]\nmembers: [{email: n@example.com}]\nprojects: {shop: {throttle: 50, alerts: []}}\n`;
    const { actions, undeclared } = await plan(declaration, observed);
    expect(actions).toEqual([]);
    expect(undeclared).toMatchObject([{ kind: "alert", project: "shop", name: "old" }]);
  });

  it("includes a kind that `manage` names and that has no declaration", async () => {
    const { undeclared } = await plan(`${HEAD}manage: [alerts, members]\nprojects: {shop: , jobs: }\n`, observed);
    expect(undeclared.map(({ kind, project: where, name }) => [kind, where, name])).toEqual([
      ["member", undefined, "x@example.com"],
      ["alert", "jobs", "old"],
      ["alert", "shop", "old"],
    ]);
  });

  it("is reported and not deleted without prune, where it is undeclared", async () => {
    const { actions, undeclared } = await plan(`${HEAD}teams: [developers]\nprojects: {shop: }\n`, observed);
    expect(actions).toEqual([]);
    expect(undeclared.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["team others", "project jobs"]);
  });
});

describe("a deletion with prune", () => {
  const declaration = `${HEAD}prune: true\nteams: [developers]\nprojects: {shop: }\n`;

  it("requires the name to be typed for a project, not for a team, and goes from the inside out", async () => {
    const { actions } = await plan(declaration, observed);
    expect(actions.map(({ type, kind, confirm }) => [type, kind, confirm])).toEqual([
      ["delete", "project", "jobs"],
      ["delete", "team", undefined],
    ]);
  });

  it("requires the name of an organization, and an empty list deletes none unasked", async () => {
    const servers = { organizations: [organization([]), organization([], { id: "2", slug: "other", name: "Other" })] };
    const { actions } = await plan(
      `${HEAD.replace("organization: Acme\n", "")}prune: true\norganizations: {Acme: }\n`,
      servers,
    );
    expect(actions).toMatchObject([
      { type: "delete", kind: "organization", name: "Other", slug: "other", confirm: "Other" },
    ]);
  });

  it("requires the slug where two have the same name", async () => {
    const twins = acme([
      project("shop"),
      project("jobs", { id: "2", name: "Jobs" }),
      project("jobs-2", { id: "3", name: "Jobs" }),
    ]);
    const { actions } = await plan(`${HEAD}prune: true\nprojects: {shop: }\n`, twins);
    expect(actions.map(({ confirm }) => confirm)).toEqual(["jobs", "jobs-2"]);
  });

  it("does not include other organizations where one is declared by `organization`", async () => {
    const servers = { organizations: [organization([]), organization([], { id: "2", slug: "other", name: "Other" })] };
    const { actions, undeclared } = await plan(`${HEAD}prune: true\nprojects: {}\n`, servers);
    expect([actions, undeclared]).toEqual([[], []]);
  });
});

describe("what is declared and missing, and may not be created", () => {
  const alerts = "alerts: [{name: a, quantity: 1, timespanMinutes: 1, recipients: [{type: email}]}]";

  it.each([
    ["Organization 'Acme' not found in instance 'prod', skipping", { organizations: [] }],
    ["Project 'my-shop' not found in org 'Acme', skipping", acme([project("jobs", { alerts: [] })])],
  ])("is a warning and is skipped: %s", async (message, server) => {
    const declaration = `${HEAD}manage: alerts\nprojects: {My Shop!: {${alerts}}}\n`;
    const { actions, warnings, errors } = await plan(declaration, server);
    expect([lines({ actions, warnings, errors, undeclared: [], known: { organizations: {} } }), errors]).toEqual([
      [],
      [],
    ]);
    expect(warnings).toMatchObject([{ instance: "prod", message }]);
    expect(await plan(declaration, server, { strict: true })).toMatchObject({ warnings: [], errors: [{ message }] });
  });

  it("is created where its kind is managed, with its contents, from the outside in", async () => {
    const declaration = `${HEAD}members: [{email: n@example.com, teams: [backend]}]\nprojects: {Shop: {team: backend, ${alerts}}}\n`;
    expect(lines(await plan(declaration, { organizations: [] }))).toEqual([
      "create organization Acme",
      "create team backend",
      "create project shop Shop",
      "create member n@example.com",
      "create alert shop a",
    ]);
  });

  it("is skipped with the reason where it is a project whose team may not be created", async () => {
    const declaration = `${HEAD}manage: [projects, alerts]\nprojects: {Shop: {team: backend}}\n`;
    const { actions, warnings } = await plan(declaration, acme([], { teams: [] }));
    expect(actions).toEqual([]);
    expect(warnings.map(({ message }) => message)).toContain(
      "Cannot create project 'Shop' without a team: there is no 'backend'",
    );
  });
});

describe("a problem does not stop the rest of the plan", () => {
  it("where a project's secret cannot be read", async () => {
    const recipients = (url: string) => `[{type: webhook, url: '${url}'}]`;
    const one = (name: string, url: string) =>
      `${name}: {alerts: [{name: a, quantity: 1, timespanMinutes: 1, recipients: ${recipients(url)}}]}`;
    const declaration = `${HEAD}prune: true\nprojects: {${one("shop", "env:MISSING")}, ${one("jobs", "https://h.example.com")}}\n`;
    const { actions, errors } = await plan(declaration, observed, { unreadable: ["env:MISSING"] });
    expect(actions.map(({ type, project: where }) => `${type} ${where}`)).toEqual(["create jobs", "delete jobs"]);
    expect(errors).toMatchObject([{ project: "shop", message: "env:MISSING is not set" }]);
  });

  it("where it concerns the monitors of no project", async () => {
    const declaration = `${HEAD}prune: true\nmonitors: [{name: m, url: 'env:MISSING'}]\nprojects: {shop: {throttle: 5}, jobs: }\n`;
    const result = await plan(declaration, observed, { unreadable: ["env:MISSING"] });
    expect(lines(result)).toEqual(["update project shop shop"]);
    expect(result.errors).toMatchObject([{ organization: "Acme", message: "env:MISSING is not set" }]);
  });

  it("where two projects have the declared name", async () => {
    const twins = acme([
      project("x", { name: "shop" }),
      project("y", { id: "2", name: "shop" }),
      project("jobs", { id: "3" }),
    ]);
    const { actions, errors } = await plan(`${HEAD}prune: true\nprojects: {shop: , jobs: {throttle: 5}}\n`, twins);
    expect(actions).toMatchObject([{ type: "update", project: "jobs" }]);
    expect(errors).toMatchObject([{ message: '2 projects are called "shop": x, y; declare its slug' }]);
  });

  it("where two secrets are the same URL", async () => {
    const alerts = ["env:A", "env:B"].map(
      (url, at) => `{name: a${at}, quantity: 1, timespanMinutes: 1, recipients: [{type: webhook, url: '${url}'}]}`,
    );
    const declaration = `${HEAD}projects: {shop: {alerts: [${alerts}]}, jobs: {throttle: 5}}\n`;
    const url = "https://h.example.com/s3cret";
    const result = await plan(declaration, observed, { secrets: { "env:A": url, "env:B": url } });
    expect(lines(result)).toEqual(["update project jobs jobs"]);
    expect(result.errors).toMatchObject([
      { project: "shop", message: expect.stringContaining("must be unique across a project") },
    ]);
    expect(JSON.stringify(result)).not.toContain("s3cret");
  });
});
