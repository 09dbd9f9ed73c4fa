import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { renderEnvFile } from "../../../src/outputs/env-file.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { describeInShells, type Shell } from "../../support/shells.ts";

const wrapper = new URL("../../../templates/with-dsn", import.meta.url).pathname;
const root = mkdtempSync(join(tmpdir(), "with-dsn-values-"));
const empty = join(root, "empty");
mkdirSync(empty);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Generates values that a shell could misread. A value that gets executed leaves a file. */
const FRAGMENTS = [
  ..."'\"$`\\\n\r\t !*?[]#~=;&|<>(){}^%-é\u{1F600}\u0001\u0002\u007f",
  "$(touch ran)",
  "`touch ran`",
  "\n touch ran\n",
  "'; touch ran; '",
  "$" + "{x:=y}",
  "'\\''",
  "$'\\n'",
  "\\n",
  "\nEOF\n",
  "!!",
];
const hostile = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 12 }).map((parts) => parts.join(""));
const anyText = fc
  .string({ unit: "binary", maxLength: 40 })
  .map((text) => Buffer.from(text.replaceAll("\0", "")).toString());
const value = fc.oneof(hostile, anyText);
const large = fc
  .tuple(value, fc.integer({ min: 1, max: 100_000 }))
  .map(([text, length]) => (text || "'").repeat(Math.ceil(length / (text.length || 1))))
  // One string of an environment has at most 128 KiB.
  .map((text) => Buffer.from(text).subarray(0, 100_000).toString("utf8").replaceAll("\uFFFD", ""));

const VALUES_PER_START = 700;
const STARTS = 15;

/** Generates names; every second one can be set by env only. */
const named = (values: readonly string[]): Record<string, string> =>
  Object.fromEntries(values.map((text, i) => [i % 2 === 0 ? `V_${i}` : `v.${i}-x`, text]));

/** Returns the variables of the file as the app has them. */
function received(shell: Shell, variables: Record<string, string>): Record<string, string> {
  writeFileSync(join(root, "api.env"), renderEnvFile(variables));
  const [program = "", ...options] = shell.argv;
  const { status, stdout, stderr } = spawnSync(
    program,
    [...options, wrapper, "--dir", root, "api", "cat", "/proc/self/environ"],
    { cwd: empty, env: { PATH: process.env.PATH }, encoding: "utf8", maxBuffer: 1 << 26 },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const entries = stdout.split("\0").map((entry): [string, string] => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  return Object.fromEntries(entries.filter(([name]) => Object.hasOwn(variables, name)));
}

describe("any value of an env file", () => {
  describeInShells((shell) => {
    it(`comes out byte by byte, and nothing is executed (${VALUES_PER_START * STARTS} values)`, () => {
      const values = fc.array(value, { minLength: VALUES_PER_START, maxLength: VALUES_PER_START });
      fc.assert(
        fc.property(values, (texts) => {
          const variables = named(texts);
          expect(received(shell, variables)).toEqual(variables);
          expect(readdirSync(empty)).toEqual([]);
        }),
        propertyRuns(STARTS),
      );
    });

    it("reaches the app byte for byte up to 100 kB", () => {
      fc.assert(
        fc.property(fc.array(large, { maxLength: 8 }), (texts) => {
          const variables = named(texts);
          expect(received(shell, variables)).toEqual(variables);
        }),
        propertyRuns(10),
      );
    });
  });
});

describe("any environment of the app", () => {
  const name = fc.string({ unit: fc.constantFrom(..."aB_1.-:/ é"), minLength: 1, maxLength: 4 });
  const environment = fc.dictionary(name, fc.oneof(hostile, anyText), { maxKeys: 20, noNullPrototype: true });

  describeInShells((shell) => {
    it("reaches the app byte for byte, whatever its names are", () => {
      writeFileSync(join(root, "none.env"), "");
      const [program = "", ...options] = shell.argv;
      fc.assert(
        fc.property(environment, (drawn) => {
          // 0x01 beside an odd name is refused, which is no loss: odd-names.test.ts.
          const own = Object.fromEntries(
            Object.entries(drawn)
              .filter(([key]) => key !== "_")
              .map(([key, text]) => [key, text.replaceAll("\u0001", "")]),
          );
          const { stdout } = spawnSync(
            program,
            [...options, wrapper, "--dir", root, "none", "cat", "/proc/self/environ"],
            { cwd: empty, env: { PATH: process.env.PATH, ...own }, encoding: "utf8" },
          );
          const entries = stdout.split("\0");
          for (const [key, text] of Object.entries(own)) expect(entries).toContain(`${key}=${text}`);
          expect(readdirSync(empty)).toEqual([]);
        }),
        propertyRuns(100),
      );
    });
  });
});
