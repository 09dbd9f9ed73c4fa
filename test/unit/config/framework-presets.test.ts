import { describe, expect, it } from "vitest";
import { variablesOf } from "../../../src/config/framework-presets.ts";
import { loadDeclaration } from "../../../src/config/load.ts";

const DECLARATION = "version: 1\nadmin: {email: a@example.com}\norganization: Acme\nprojects: {shop: }\n";
const variables = (app: string) => {
  const { web } = loadDeclaration(`${DECLARATION}apps: {web: {project: shop, ${app}}}\n`, "glitchtip.yaml").apps;
  if (web === undefined) throw new Error("no app");
  return Object.fromEntries(variablesOf(web).map(({ name, audience }) => [name, audience]));
};

describe("variablesOf", () => {
  it("returns SENTRY_DSN for the container by default", () => {
    expect(variables("")).toEqual({ SENTRY_DSN: "container" });
    expect(variables("audience: public")).toEqual({ SENTRY_DSN: "public" });
  });

  it("takes a list for one audience, or a map with an audience for each name", () => {
    expect(variables("audience: host, variables: [A, B]")).toEqual({ A: "host", B: "host" });
    expect(variables("variables: {SENTRY_DSN: container, PUBLIC_SENTRY_DSN: public}")).toEqual({
      SENTRY_DSN: "container",
      PUBLIC_SENTRY_DSN: "public",
    });
  });

  it.each([
    ["vite", { VITE_SENTRY_DSN: "public" }],
    ["next", { SENTRY_DSN: "container", NEXT_PUBLIC_SENTRY_DSN: "public" }],
    ["nuxt", { SENTRY_DSN: "container", NUXT_PUBLIC_SENTRY_DSN: "public" }],
    ["sveltekit", { SENTRY_DSN: "container", PUBLIC_SENTRY_DSN: "public" }],
    ["dotnet", { SENTRY_DSN: "container", ConnectionStrings__glitchtip: "container" }],
    ["spring", { SENTRY_DSN: "container" }],
    ["laravel", { SENTRY_LARAVEL_DSN: "container" }],
  ])("returns what %s reads for that preset", (preset, expected) => {
    expect(variables(`preset: ${preset}`)).toEqual(expected);
  });

  it("adds declared variables to a preset, and lets them win", () => {
    expect(variables("preset: next, variables: {SENTRY_DSN: host, DSN: public}")).toEqual({
      SENTRY_DSN: "host",
      NEXT_PUBLIC_SENTRY_DSN: "public",
      DSN: "public",
    });
  });
});
