import { describe, expect, it } from "vitest";
import { acme, alert, HEAD, lines, organization, plan, project } from "../../support/planning.ts";

const DATE = "2026-01-01T00:00:00Z";
const known = {
  organizations: {
    Acme: {
      id: "1",
      slug: "acme",
      dateCreated: DATE,
      projects: { shop: { id: "1", slug: "shop", dateCreated: DATE } },
      teams: { backend: "5" },
    },
  },
};
const ALERT = "alerts: [{name: errors, quantity: 100, timespanMinutes: 60, recipients: [{type: email}]}]";

describe("a project is identified", () => {
  it("by the id of an earlier run, so that a renamed project is followed and not created again", async () => {
    const renamed = acme([project("store", { name: "Store", alerts: [] })]);
    const { actions } = await plan(`${HEAD}projects: {shop: {${ALERT}}}\n`, renamed, { known });
    expect(actions).toMatchObject([{ type: "create", kind: "alert", project: "store", at: { projectSlug: "store" } }]);
  });

  it("not by an id that another database gave to another project", async () => {
    const other = acme([project("other", { dateCreated: "2027-01-01T00:00:00Z" })]);
    expect(lines(await plan(`${HEAD}projects: {shop: }\n`, other, { known }))).toEqual(["create project shop shop"]);
  });

  it("by its declared slug before its name", async () => {
    const two = acme([project("shop", { name: "Other" }), project("x", { id: "2", name: "Shop" })]);
    const { actions, known: found } = await plan(`${HEAD}projects: {a: {slug: shop, name: Shop}}\n`, two);
    expect(actions).toMatchObject([
      { type: "update", id: "1", changes: [{ field: "name", from: "Other", to: "Shop" }] },
    ]);
    expect(found.organizations.Acme?.projects).toEqual({ a: { id: "1", slug: "shop", dateCreated: DATE } });
  });

  it.each([
    ["My Project Name", "my-project-name"],
    ["Special! Chars@#", "special-chars"],
    ["with_underscore", "with_underscore"],
    ["  Café  ", "cafe"],
  ])("%j by the slug that its name makes, as other tools' files have it, and keeps its name", async (name, slug) => {
    const server = acme([project(slug, { name: "Something Else" })]);
    expect(lines(await plan(`${HEAD}projects: {'${name}': }\n`, server))).toEqual([]);
  });

  it("and renamed to the declared name", async () => {
    const renamed = acme([project("shop", { name: "Store" })]);
    const { actions } = await plan(`${HEAD}projects: {shop: {name: Shop}}\n`, renamed, { known });
    expect(actions).toMatchObject([{ type: "update", desired: { name: "Shop" } }]);
  });
});

describe("a project's fields", () => {
  it("are updated where they are declared; other fields stay", async () => {
    const there = acme([project("shop", { platform: "python", throttle: 10 })], { teams: [] });
    const { actions } = await plan(`${HEAD}projects: {shop: {throttle: 50, team: backend}}\n`, there);
    expect(actions).toMatchObject([
      { type: "create", kind: "team", name: "backend" },
      {
        type: "update",
        kind: "project",
        changes: [
          { field: "throttle", from: 10, to: 50 },
          { field: "teams", from: ["developers"], to: ["backend", "developers"] },
        ],
        // The PUT needs the name, and would clear a platform that it leaves out.
        desired: { name: "shop", platform: "python", throttle: 50, linkTeams: ["backend"] },
      },
    ]);
  });

  it("do not include a link to the default team for an existing project", async () => {
    expect(lines(await plan(`${HEAD}projects: {shop: }\n`, acme([project("shop", { teams: ["x"] })])))).toEqual([]);
  });

  it("are all set for a new project", async () => {
    const declared = `${HEAD}projects: {Shop: {slug: shop-api, team: x, platform: node, throttle: 5}}\n`;
    const { actions } = await plan(declared, acme([], { teams: [{ id: "1", slug: "x" }] }));
    expect(actions).toMatchObject([
      {
        type: "create",
        project: "shop-api",
        desired: { key: "Shop", name: "Shop", slug: "shop-api", team: "x", platform: "node", throttle: 5 },
      },
    ]);
  });

  it("include a declared slug", async () => {
    const there = acme([project("shop", { name: "Shop" })]);
    expect((await plan(`${HEAD}projects: {Shop: {slug: shop-api}}\n`, there)).actions).toMatchObject([
      { changes: [{ field: "slug", from: "shop", to: "shop-api" }], desired: { slug: "shop-api" } },
    ]);
  });

  it("include the old slug with a new name, because 4.1 would derive another one", async () => {
    const there = acme([project("shop", { name: "Shop" })]);
    const { actions } = await plan(`${HEAD}projects: {shop: {name: Store}}\n`, there, { known, generation: "4.1" });
    expect(actions).toMatchObject([{ changes: [{ field: "name" }], desired: { name: "Store", slug: "shop" } }]);
  });
});

describe("the monitors of a project that was deleted on the server", () => {
  const url = "https://shop.example.com/";
  const monitors = [
    { id: "8", name: "site", type: "Ping", url, intervalSeconds: 60, timeoutSeconds: 20, expectedStatus: 200 },
    { id: "9", name: "other", type: "Ping", url, intervalSeconds: 60, timeoutSeconds: 20, expectedStatus: 200 },
  ].map((one) => ({ ...one, expectedBody: "", projectId: null }));
  const text = `${HEAD}monitors: []\nprojects: {shop: {monitors: [{name: site, url: "${url}"}]}}\n`;

  it("become its monitors again where it is made again, and no second ones are made", async () => {
    const planned = await plan(text, acme([], { monitors, teams: [] }));
    const { actions, undeclared } = planned;
    expect(lines(planned)).toEqual(["create team developers", "create project shop shop", "update monitor shop site"]);
    expect(actions[2]).toMatchObject({ id: "8", changes: [{ field: "project", from: null, to: "shop" }] });
    expect(undeclared.map(({ name }) => name)).toEqual(["other"]);
  });

  it("stay where they are while the project is there", async () => {
    const there = acme([project("shop")], { monitors, teams: [] });
    expect(lines(await plan(text, there))).toEqual(["create monitor shop site"]);
  });
});

describe("a renamed project", () => {
  it("is followed, and told with the way to declare it so, where nothing declared leads to it", async () => {
    const told = async (over: object) => {
      const { actions, warnings } = await plan(`${HEAD}projects: {shop: }\n`, acme([project("shop", over)]), { known });
      return [actions, warnings.map(({ message }) => message)];
    };
    expect(await told({ name: "Store", slug: "store" })).toEqual([
      [],
      [
        'project "shop" is called "Store" on the server now, and is still managed; to follow the rename in the declaration: slug: store',
      ],
    ]);
    expect(await told({ name: "Store" })).toEqual([[], []]);
  });
});

describe("an organization is identified", () => {
  it("by its id, so that a renamed organization is followed, with a warning", async () => {
    const renamed = { organizations: [organization([project("shop")], { name: "Acme Corp", slug: "acme" })] };
    const { actions, warnings } = await plan(`${HEAD}projects: {shop: }\n`, renamed, { known });
    expect(actions).toEqual([]);
    expect(warnings).toMatchObject([
      {
        message:
          'organization "Acme" is called "Acme Corp" on the server now, and is still managed; to follow the rename in the declaration: write that name, or its slug: acme',
      },
    ]);
  });

  it("by its declared slug, and then gets the declared name", async () => {
    const declared = `${HEAD.replace("organization: Acme\n", "")}organizations: {Acme Corp: {slug: acme}}\n`;
    const { actions } = await plan(declared, acme([]));
    expect(actions).toMatchObject([
      { type: "update", kind: "organization", slug: "acme", desired: { name: "Acme Corp" } },
    ]);
  });

  it("by its declared slug under a new name, and so are its projects, one of which is renamed as well", async () => {
    const declared = `${HEAD.replace("organization: Acme\n", "")}organizations: {Acme Corp: {slug: acme, projects: {shop: {name: Store}}}}\n`;
    const { actions } = await plan(declared, acme([project("shop", { name: "Shop" })]), { known });
    expect(actions).toMatchObject([
      { type: "update", kind: "organization", desired: { name: "Acme Corp" } },
      { type: "update", kind: "project", desired: { name: "Store" } },
    ]);
  });

  it("by nothing where two have its name; the user has to decide, and other organizations are planned", async () => {
    const servers = {
      organizations: [
        organization([]),
        organization([], { id: "2", slug: "acme-o9" }),
        organization([], { id: "3", slug: "b", name: "B" }),
      ],
    };
    const declared = `${HEAD}organizations: {B: {teams: [new]}}\n`;
    const { actions, errors } = await plan(declared, {
      organizations: servers.organizations.map((one) => ({ ...one, teams: [] })),
    });
    expect(actions).toMatchObject([{ kind: "team", name: "new", organization: "B" }]);
    expect(errors).toMatchObject([
      { organization: "Acme", message: '2 organizations are called "Acme": acme, acme-o9; declare its slug' },
    ]);
  });
});

describe("a team", () => {
  const there = acme([project("shop", { teams: ["platform"], alerts: [alert("errors")] })], {
    teams: [{ id: "5", slug: "platform" }],
  });

  it("that was renamed is followed by its id, for projects and members", async () => {
    const declared = `${HEAD}teams: [backend]\nmembers: [{email: a@b.example, teams: [backend]}]\nprojects: {shop: {team: backend}}\n`;
    const server = { organizations: there.organizations.map((one) => ({ ...one, members: [] })) };
    const { actions, warnings } = await plan(declared, server, { known });
    expect(actions).toMatchObject([{ kind: "member", desired: { teams: ["platform"] } }]);
    expect(warnings).toMatchObject([
      {
        message:
          'team "backend" is called "platform" on the server now, and is still managed; to follow the rename in the declaration: write platform instead of backend',
      },
    ]);
  });

  it("is case-sensitive: Backend and backend are two teams", async () => {
    expect(lines(await plan(`${HEAD}teams: [Platform]\n`, there))).toEqual(["create team Platform"]);
  });

  it("that a declared project uses is not reported as undeclared", async () => {
    const declared = `${HEAD}prune: true\nteams: []\nprojects: {shop: {team: platform}}\n`;
    expect(lines(await plan(declared, there))).toEqual([]);
  });
});
