import fc from "fast-check";
import { expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { merge } from "../../../src/management/import/merge.ts";
import { editedText } from "../../../src/management/import/text.ts";
import { propertyRuns } from "../../support/property-runs.ts";

const name = fc.constantFrom("a", "b", "c", "d e", "1", "~");
const scalar = fc.oneof(
  fc.constantFrom("", "x", "y: z", "# no comment", "null", "- a"),
  fc.integer({ min: 0, max: 3 }),
  fc.boolean(),
);
const item = fc.record(
  { name, quantity: scalar, uptime: fc.option(fc.boolean(), { nil: undefined }) },
  { requiredKeys: ["name"] },
);
const items = fc.uniqueArray(item, { selector: ({ name: one }) => one, maxLength: 3 });
const project = fc.record(
  { team: scalar, teams: fc.uniqueArray(name, { maxLength: 3 }), alerts: items, jira: fc.record({ project: scalar }) },
  { requiredKeys: [] },
);
const declaration = fc.record(
  { organization: scalar, server: fc.record({ url: scalar }), projects: fc.dictionary(name, project, { maxKeys: 3 }) },
  { requiredKeys: [] },
);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

it("an import adds what it reads, and repeating it changes nothing", () => {
  fc.assert(
    fc.property(declaration, declaration, fc.boolean(), (one, other, flow) => {
      const [mine, theirs] = [plain(one) as object, plain(other) as object];
      const text = `# mine\n${stringify(mine, flow ? { collectionStyle: "flow" } : {})}`;
      const { additions, differences } = merge(mine, theirs);
      const edited = editedText(text, [...additions, ...differences]) ?? "";
      expect(edited).toMatch(/^# mine\n/);
      const after: unknown = parse(edited);
      expect(merge(after, theirs)).toEqual({ additions: [], differences: [] });
      // All that was mine alone is still mine.
      const kept = editedText(text, additions) ?? "";
      expect(merge(parse(kept), mine)).toEqual({ additions: [], differences: [] });
      expect(editedText(edited, [])).toBe(edited);
    }),
    propertyRuns(300),
  );
});
