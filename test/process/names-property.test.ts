import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Declaration, declarationSchema } from "../../src/config/schema.ts";
import type { Emulator } from "../../src/emulator/index.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { nameOf, ORGANIZATION_NAME_LONGEST, PROJECT_NAME_LONGEST, teamSlug } from "../support/arbitrary.ts";
import { startServer } from "../support/emulator.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { ADMIN, dsnOf, provisionOnce, temporaryFolders } from "../support/provisioning.ts";

const CASES_PER_GENERATION = 50;

/** Generates names that the schema accepts: projects with similar slugs, and an app for each. */
const declaration = fc
  .record({
    organization: nameOf(ORGANIZATION_NAME_LONGEST),
    projects: fc.uniqueArray(fc.record({ name: nameOf(PROJECT_NAME_LONGEST), team: teamSlug }), {
      minLength: 1,
      maxLength: 3,
      selector: ({ name }) => name,
    }),
  })
  .map(({ organization, projects }) =>
    declarationSchema.parse({
      version: 1,
      admin: { email: ADMIN.email },
      organization,
      projects: Object.fromEntries(projects.map((project, i) => [`p${i}`, project])),
      apps: Object.fromEntries(projects.map((_, i) => [`a${i}`, { project: `p${i}` }])),
    }),
  );

const namesOf = (declared: Declaration) => Object.values(declared.projects).map(({ name }) => name);
const teamsOf = (declared: Declaration) => [...new Set(Object.values(declared.projects).map(({ team }) => team))];

function expectOneOfEach(emulator: Emulator, declared: Declaration): void {
  const { organizations, projects, teams, keys, tokens } = emulator.snapshot();
  expect(organizations.map(({ name }) => name)).toEqual([declared.organization]);
  expect(projects.map(({ name }) => name).sort()).toEqual(namesOf(declared).sort());
  expect(teams.map(({ slug }) => slug).sort()).toEqual(teamsOf(declared).sort());
  expect([keys.length, tokens.length]).toEqual([namesOf(declared).length, 1]);
}

describe.each(GENERATIONS)("any names that the declaration takes, on GlitchTip %s,", (generation) => {
  it("are found again by the next run, with its state and without: nothing is created twice", async () => {
    await fc.assert(
      fc.asyncProperty(declaration, async (declared) => {
        await using emulator = await startServer({ generation });
        using folders = temporaryFolders();
        using withoutMemory = temporaryFolders();
        await provisionOnce(emulator.url, folders, { declaration: declared });
        expectOneOfEach(emulator, declared);
        const again = await provisionOnce(emulator.url, folders, { declaration: declared });
        expect(again.written).toBe(false);
        await provisionOnce(emulator.url, withoutMemory, { declaration: declared });
        expectOneOfEach(emulator, declared);
        const dsns = namesOf(declared).map((_, i) => dsnOf(folders, `a${i}`));
        expect(namesOf(declared).map((_, i) => dsnOf(withoutMemory, `a${i}`))).toEqual(dsns);
        expect(new Set(dsns).size).toBe(dsns.length);
      }),
      propertyRuns(CASES_PER_GENERATION),
    );
  });
});
