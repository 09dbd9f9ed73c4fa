// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { plainYaml } from "../../../src/config/plain-yaml.ts";

const root = join(import.meta.dirname, "../..");
const files = ["fixtures/compose", "../templates"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => join(folder, path)),
);

/** As the library reads it, or undefined where it refuses. */
function byLibrary(text: string): unknown {
  try {
    return parse(text, { merge: true, logLevel: "error" });
  } catch {
    return undefined;
  }
}

describe("plain YAML, read without the library", () => {
  it.each(files)("%s: as the library reads it, or left to it", (path) => {
    const text = readFileSync(join(root, path), "utf8");
    const value = plainYaml(text);
    if (value !== undefined) expect(value).toEqual(byLibrary(text));
  });

  it("is most of what people write", () => {
    const read = files.filter((path) => plainYaml(readFileSync(join(root, path), "utf8")) !== undefined);
    expect(read.length).toBeGreaterThan(files.length * 0.6);
  });

  it.each([
    "a: [",
    "a: b: c\n",
    "a: 1\na: 2\n",
    "a:\n\t- b\n",
    "a: |\n  b\n",
    "a: !reset b\n",
    "a: b\n  c\n",
    'a: "b\n  c"\n',
    "a: *nowhere\n",
    "- a\n",
    "a: 'b' c\n",
    "a: 0x1F\n",
    "a:\n  b: 1\n c: 2\n",
    "a: [b, c\n",
    "a: {b: 1, b: 2}\n",
    "a: @b\n",
    "? a\n: b\n",
    "a: b\n---\na: c\n",
  ])("leaves what it is not sure of to the library: %j", (text) => {
    expect(plainYaml(text)).toBeUndefined();
  });

  it.each([
    "a: b # c\n",
    "a: b#c\n",
    "a: 'it''s' \n",
    'a: "x \\"y\\" #z"\n',
    "a: http://x:80/y\n",
    "a: -x\nb: :y\n",
    "a:\n- b\n- c: 1\n  d: 2\n-\n  e: 3\nf:\n",
    "a: &x\n  b: 1\nc:\n  <<: *x\n  b: 2\nd: {<<: x}\n",
    "a: &x {b: 1, c: 2}\nd: &y {b: 3, e: 4}\nf:\n  <<: [*x, *y]\n  g: *x\n",
    'a: [b, "c, d", {e: f, g: }, [], {}]\n',
    'a: ["CMD", "curl", "http://localhost:80/"]\n',
    "a: ~\nb: yes\nc: 012\nd: 1.50\ne: 1e3\nf: -5\ng: 1.2.3\nh: 22:22\ni: 2001-01-01\n",
    "a: x: y\n",
    "a: [x: y]\n",
    "a: {b}\n",
    "1: a\ntrue: b\n",
    "a b: c\n'd e': f\n\"g\": h\n",
    "a: b:\n",
    'a: "x"y\n',
    "a: ${B:-c}\nd: ${E}\n",
    "a: $${B}\nb: {C: '${D:-x}'}\n",
    "a: [${B}, c]\n",
    "a: [-x, - y]\n",
    "a: - b\n",
    "a: ? b\n",
    "a:\n  - - b\n",
    "a: [b ,c , ]\n",
    "a: [,]\n",
    "a:b\n",
    "a: 'b'#c\n",
    "a: [b]#c\n",
    "a: [b] #c\n",
    "a: {b: c} # d\n",
    "a: {b:c}\n",
    'a: {"b":c}\n',
    "a:  \n  b\n",
    "a: b\n\n\n# c\nd: e\n",
    "a: &x b\nc: *x\nd: [*x]\n",
  ])("never differs from the library: %j", (text) => {
    const value = plainYaml(text);
    if (value !== undefined) expect(value).toEqual(byLibrary(text));
  });

  it("never differs from the library, whatever the values", () => {
    const key = fc.oneof(fc.stringMatching(/^[a-zA-Z0-9_.-]{1,8}$/), fc.string({ maxLength: 6 }));
    const word = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.stringMatching(/^[a-z0-9:/#'", ${}[\]&*!|>~.-]{0,10}$/),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true }),
    );
    const { tree } = fc.letrec<{ tree: unknown; node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        word,
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(key, tie("node"), { maxKeys: 4 }),
      ),
      tree: fc.dictionary(key, tie("node"), { minKeys: 1, maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom("any", "flow", "block"), (value, collectionStyle) => {
        const text = stringify(value, { collectionStyle, lineWidth: 0 });
        const read = plainYaml(text);
        if (read !== undefined) expect(read).toEqual(byLibrary(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("never differs from the library, whatever the text", () => {
    const text = fc.array(
      fc.constantFrom(
        "a",
        "b: ",
        ":",
        " ",
        "  ",
        "\n",
        "- ",
        "-",
        "#",
        '"',
        "'",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x",
        "<<: ",
        "1",
        "~",
        "|",
        "!t ",
        "\\",
        "a: ",
        "\n  ",
      ),
      { maxLength: 24 },
    );
    fc.assert(
      fc.property(text, (parts) => {
        const read = plainYaml(parts.join(""));
        if (read !== undefined) expect([parts.join(""), read]).toEqual([parts.join(""), byLibrary(parts.join(""))]);
      }),
      { numRuns: 20_000 },
    );
  });
});
