import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { editDeclaration } from "../../../src/config/edit.ts";

const ADDED = { project: "jobs" };
const add = (text: string, service = "worker") => editDeclaration(text, ["apps", service], ADDED);
const remove = (text: string, service = "worker") => editDeclaration(text, ["apps", service], undefined);

describe("editDeclaration adds an entry", () => {
  it("as one line after the others, and keeps every other byte", () => {
    const before =
      "# mine\nversion:   1\n\n\napps:   # services\n    api:   {project: 'shop'}   # first\n\n# the end\nonFailure: block\n";
    expect(add(before)).toBe(
      "# mine\nversion:   1\n\n\napps:   # services\n    api:   {project: 'shop'}   # first\n    worker: { project: jobs }\n\n# the end\nonFailure: block\n",
    );
  });

  it("after an entry of several lines", () => {
    expect(add("apps:\n  api:\n    project: shop # why\n    variables:\n      - A\n")).toBe(
      "apps:\n  api:\n    project: shop # why\n    variables:\n      - A\n  worker: { project: jobs }\n",
    );
  });

  it.each([
    ["apps: {}\n", "apps:\n  worker: { project: jobs }\n"],
    ["apps:\n", "apps:\n  worker: { project: jobs }\n"],
    ["apps: {} # none yet\nonFailure: block\n", "apps: # none yet\n  worker: { project: jobs }\nonFailure: block\n"],
    ["apps: {api: {project: shop}} # one\n", "apps: {api: {project: shop}, worker: {project: jobs}} # one\n"],
    ["apps: { api: { project: shop } }\n", "apps: { api: { project: shop }, worker: { project: jobs } }\n"],
    ["version: 1\n", "version: 1\napps:\n  worker: { project: jobs }\n"],
    ["apps:\n  api: {project: shop}", "apps:\n  api: {project: shop}\n  worker: { project: jobs }\n"],
    ["apps:\r\n  api: {project: shop}\r\n", "apps:\r\n  api: {project: shop}\r\n  worker: { project: jobs }\r\n"],
  ])("in the style of the file: %j", (before, after) => {
    expect(add(before)).toBe(after);
  });
});

describe("editDeclaration removes an entry", () => {
  it("with its lines, and keeps every other byte", () => {
    expect(
      remove("apps:\n  api:   {project: shop} # one\n  worker:\n    project: jobs # two\n\nonFailure: block\n"),
    ).toBe("apps:\n  api:   {project: shop} # one\n\nonFailure: block\n");
  });

  it("and leaves an empty map for the last one", () => {
    expect(parse(remove("# mine\napps:\n  worker: {project: jobs}\n"))).toEqual({ apps: {} });
    expect(remove("# mine\napps:\n  worker: {project: jobs}\n")).toContain("# mine");
  });

  it("between braces", () => {
    expect(remove("apps: { api: { project: shop }, worker: { project: jobs } } # all\n")).toBe(
      "apps: { api: { project: shop } } # all\n",
    );
  });
});

it("editDeclaration adds an entry to any declaration, and removing it restores the values", () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9._-]{1,12}$/);
  const apps = fc.dictionary(
    name,
    fc.record({ project: fc.string(), variables: fc.array(fc.string(), { maxLength: 2 }) }),
  );
  fc.assert(
    fc.property(apps, name, fc.constantFrom(0, 1, 2), (apps, service, depth) => {
      fc.pre(!Object.hasOwn(apps, service) && service !== "__proto__" && !Object.hasOwn(apps, "__proto__"));
      const text = stringify({ version: 1, apps }, { collectionStyle: depth === 0 ? "flow" : "any" });
      const after = editDeclaration(text, ["apps", service], ADDED);
      expect(parse(after)).toEqual({ version: 1, apps: { ...apps, [service]: ADDED } });
      expect(parse(editDeclaration(after, ["apps", service], undefined))).toEqual({ version: 1, apps });
    }),
  );
});
