import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { checkDeclaration, UNWRITABLE } from "../../../src/config/check.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { AUDIENCES, ON_FAILURE } from "../../../src/config/schema.ts";
import { type NewDeclaration, newDeclarationText } from "../../../src/init/new-declaration.ts";
import { nameOf, ORGANIZATION_NAME_LONGEST, PROJECT_NAME_LONGEST, teamSlug } from "../../support/arbitrary.ts";
import { propertyRuns } from "../../support/property-runs.ts";

/** Compose cannot read a file with these. */
const NOT_IN_A_FILE = new RegExp(`\0|${UNWRITABLE.source}`, "g");
const word = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll(NOT_IN_A_FILE, ""));
const words = fc.array(word, { maxLength: 4 });
const organization = nameOf(ORGANIZATION_NAME_LONGEST);
/** YAML's merge key cannot be a project's key; `name:` can have that value. */
const projectKey = nameOf(PROJECT_NAME_LONGEST).filter((key) => key !== "<<");
const service = fc.string({
  unit: fc.constantFrom(..."abcXYZ019._-"),
  minLength: 1,
  maxLength: 12,
});
const variable = fc.oneof(
  fc.constantFrom("SENTRY_DSN", "VITE_SENTRY_DSN", "ConnectionStrings__glitchtip", "spring.sentry.dsn", "no", "1e3"),
  word.map((text) => text.replace(/[=,\s]/g, "")).filter((text) => text !== ""),
);
const email = fc.constantFrom("admin@example.com", "a+b@c", "o'neil@example.com", "ü@müller.example", "#@x");
const server = fc.record(
  {
    image: fc.constantFrom("glitchtip/glitchtip:6", "glitchtip/glitchtip:6.2.6", "localhost:5000/g:6@sha256:0a"),
    url: fc.constantFrom("https://errors.example.com", "http://[::1]:8000/a/b", "http://localhost"),
    port: fc.integer({ min: 1, max: 65535 }),
    topology: fc.constantFrom("all-in-one", "split"),
    valkey: fc.constantFrom("off", "bundled"),
    registration: fc.constantFrom("closed", "open"),
    retention: fc.integer({ min: 1, max: 9999 }).map((days) => ({ events: `${days}d` })),
  },
  // Without an image a url is that of a server that runs elsewhere.
  { requiredKeys: ["image"] },
);
const project = fc.record({ team: teamSlug, platform: nameOf(64) }, { requiredKeys: [] });

/** Generates declarations without the mistakes that no single field shows, such as equal names or apps without a project. */
const declaration = fc
  .record({
    version: fc.constant(1 as const),
    server,
    admin: fc.record(
      { email, password: fc.constantFrom("file:./secret #1.txt", "env:ADMIN_PASSWORD", "file:a: b") },
      { requiredKeys: ["email"] },
    ),
    organization,
    projects: fc.dictionary(projectKey, project, { minKeys: 1, maxKeys: 5, noNullPrototype: true }),
  })
  .chain((start) =>
    fc
      .record(
        {
          apps: fc.dictionary(
            service,
            fc.record(
              {
                project: fc.constantFrom(...Object.keys(start.projects)),
                audience: fc.constantFrom(...AUDIENCES),
                variables: fc.uniqueArray(variable, { minLength: 1, maxLength: 3 }),
                entrypoint: words,
                command: words,
                onFailure: fc.constantFrom(...ON_FAILURE),
              },
              { requiredKeys: ["project"] },
            ),
            { maxKeys: 4, noNullPrototype: true },
          ),
          provisioner: fc.constantFrom("mount", "build", "image:localhost:5000/p:1"),
          onFailure: fc.constantFrom(...ON_FAILURE),
        },
        { requiredKeys: ["apps"] },
      )
      .map((rest) => ({ ...start, ...rest })),
  );

describe("a valid declaration", () => {
  it("is parsed as init wrote it, comments included", () => {
    fc.assert(
      fc.property(declaration, (wanted) => {
        const text = newDeclarationText(wanted satisfies NewDeclaration);
        const read = loadDeclaration(text, "glitchtip.yaml");
        expect(read).toEqual(checkDeclaration(wanted, "glitchtip.yaml"));
        expect(Object.keys(read.projects).sort()).toEqual(Object.keys(wanted.projects).sort());
        expect(text.match(/^# /gm)?.length).toBe(6);
      }),
      propertyRuns(200),
    );
  });

  it("is the same in every style of YAML", () => {
    fc.assert(
      fc.property(declaration, fc.boolean(), fc.constantFrom("PLAIN", "QUOTE_DOUBLE"), (wanted, flow, style) => {
        const text = stringify(wanted, {
          collectionStyle: flow ? "flow" : "block",
          defaultStringType: style as "PLAIN",
          lineWidth: 0,
        });
        expect(loadDeclaration(text, "glitchtip.yaml")).toEqual(checkDeclaration(wanted, "glitchtip.yaml"));
      }),
      propertyRuns(100),
    );
  });
});
