import { expect, it } from "vitest";
import type { Secret } from "../../../src/base/secret.ts";
import { desiredOrganization } from "../../../src/provision/desired.ts";
import { observe } from "../../../src/provision/observe.ts";

const DATE = "2026-08-01T09:00:00.000000Z";

it.each([
  [
    "J4",
    [
      'an organization named "J4" already exists; "j4", which differs only in upper and lower case, becomes a second one',
    ],
  ],
  ["j4", []],
  ["J5", []],
])("an organization %s on the server, beside the declared j4: the warnings", async (name, expected) => {
  const warnings: string[] = [];
  const log = { info() {}, step() {}, debug() {}, warn: (text: string) => void warnings.push(text) };
  const store = { token: undefined as Secret | undefined, organization: undefined, projects: {}, setOrganization() {} };
  const glitchtip = {
    organizations: async () => [{ id: "1", slug: "j4", name, dateCreated: DATE }],
    projects: async () => [],
    teams: async () => [],
  };
  const desired = desiredOrganization({ organization: "j4", projects: {}, apps: {} });
  const observed = await observe(glitchtip as never, desired, { store, log } as never);
  expect(observed?.slug).toBe(name === "j4" ? "j4" : undefined);
  expect(warnings).toEqual(expected);
});
