import { describe, expect, it } from "vitest";
import type { ObservedMember } from "../../../src/reconcile/observed.ts";
import { acme, HEAD, lines, plan } from "../../support/planning.ts";

const member = (email: string, role = "member", over: Partial<ObservedMember> = {}): ObservedMember => ({
  id: email,
  email,
  role,
  pending: false,
  teams: [],
  ...over,
});
const TEAMS = [
  { id: "1", slug: "a" },
  { id: "2", slug: "b" },
];
const server = (members: readonly ObservedMember[], account?: string) => ({
  ...acme([], { members, teams: TEAMS }),
  account,
});
const OWNER = member("boss@example.com", "owner");
const declare = (members: string, more = "") => `${HEAD}${more}members: [${members}]\n`;
const BOSS = "{email: boss@example.com, role: owner}";

describe("members", () => {
  it("are invited with role and teams where they are missing", async () => {
    const { actions } = await plan(
      declare(`${BOSS}, {email: new@example.com, role: admin, teams: [b, a]}`),
      server([OWNER]),
    );
    expect(actions).toMatchObject([
      {
        type: "create",
        name: "new@example.com",
        changes: [
          { field: "role", to: "admin" },
          { field: "teams", to: ["a", "b"] },
        ],
        desired: { email: "new@example.com", role: "admin", teams: ["b", "a"] },
      },
    ]);
  });

  it("are compared case-insensitively", async () => {
    const { actions } = await plan(
      declare(`${BOSS}, {email: Dev@Example.com}`, "prune: true\n"),
      server([OWNER, member("dev@example.com")]),
    );
    expect(actions).toEqual([]);
  });

  it("change role and teams in one action; undeclared teams stay", async () => {
    const there = [OWNER, member("dev@example.com", "member", { teams: ["a"] })];
    const change = await plan(declare(`${BOSS}, {email: dev@example.com, role: admin, teams: [b]}`), server(there));
    expect(change.actions).toMatchObject([
      {
        type: "update",
        changes: [
          { field: "role", from: "member", to: "admin" },
          { field: "teams", from: ["a"], to: ["b"] },
        ],
        desired: { role: "admin", join: ["b"], leave: ["a"] },
      },
    ]);
    expect(lines(await plan(declare(`${BOSS}, {email: dev@example.com}`), server(there)))).toEqual([]);
  });

  it("are updated where they are invited already, not invited again", async () => {
    const pending = member("dev@example.com", "member", { pending: true });
    expect(
      lines(await plan(declare(`${BOSS}, {email: dev@example.com, role: admin}`), server([OWNER, pending]))),
    ).toEqual(["update member dev@example.com"]);
  });

  it("are removed only with prune where they are not declared", async () => {
    const there = server([OWNER, member("old@example.com")]);
    expect((await plan(declare(BOSS), there)).undeclared).toMatchObject([{ kind: "member", name: "old@example.com" }]);
    expect(lines(await plan(declare(BOSS, "prune: true\n"), there))).toEqual(["delete member old@example.com"]);
  });

  it("may have an unknown role", async () => {
    expect(lines(await plan(declare(BOSS), server([OWNER, member("x@example.com", "contributor")])))).toEqual([]);
  });
});

describe("the last owner", () => {
  it("is never removed, which is reported", async () => {
    const { actions, warnings } = await plan(declare("", "prune: true\n"), server([OWNER, member("x@example.com")]));
    expect(actions.map(({ name }) => name)).toEqual(["x@example.com"]);
    expect(warnings).toMatchObject([{ message: expect.stringMatching(/^boss@example.com .* stays: the last owner/) }]);
  });

  it("is never demoted", async () => {
    const { actions, warnings } = await plan(declare("{email: boss@example.com}"), server([OWNER]));
    expect(actions).toEqual([]);
    expect(warnings).toMatchObject([{ message: expect.stringContaining("stays owner, declared is member") }]);
  });

  it("is not replaced by somebody who is only invited and may never join", async () => {
    const { actions } = await plan(declare("{email: new@example.com, role: owner}", "prune: true\n"), server([OWNER]));
    expect(actions.map(({ type, name }) => `${type} ${name}`)).toEqual(["create new@example.com"]);
  });

  it("is demoted after an existing member became owner", async () => {
    const there = server([OWNER, member("next@example.com")]);
    const declared = "{email: boss@example.com}, {email: next@example.com, role: owner}";
    expect(lines(await plan(declare(declared), there))).toEqual([
      "update member next@example.com",
      "update member boss@example.com",
    ]);
  });

  it("may be removed where there is another owner", async () => {
    const there = server([OWNER, member("second@example.com", "owner")]);
    expect(lines(await plan(declare("{email: second@example.com, role: owner}", "prune: true\n"), there))).toEqual([
      "delete member boss@example.com",
    ]);
  });
});

it("the token's own account is neither removed nor changed, because the next request would be refused", async () => {
  const there = server([OWNER, member("bot@example.com", "owner")], "Bot@example.com");
  expect(lines(await plan(declare(BOSS, "prune: true\n"), there))).toEqual([]);
  const { actions, warnings } = await plan(declare(`${BOSS}, {email: bot@example.com}`), there);
  expect(actions).toEqual([]);
  expect(warnings).toMatchObject([{ message: expect.stringContaining("the token belongs to this account") }]);
});
