import { Command } from "commander";
import fc from "fast-check";
import { expect, it } from "vitest";
import init, { givenOptions } from "../../../src/cli/commands/init.ts";
import { shellWords } from "../../../src/compose/shell-words.ts";
import { type InitOptions, initCommandLine, parseInitOptions } from "../../../src/init/index.ts";
import { propertyRuns } from "../../support/property-runs.ts";

/** Reads words as the program does. */
function parsed(words: readonly string[]): { given: ReturnType<typeof givenOptions>; options: InitOptions } {
  const command = init.flags(new Command("init").exitOverride().option("-C, --directory <folder>"));
  command.parse([...words], { from: "user" });
  const given = givenOptions(command.opts());
  return { given, options: parseInitOptions(given) };
}

// Compose's splitter, which reads the line here, and sh differ in "\\t" and "\\n" alone.
const word = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter((text) => !/[\\=\n\r\t]/.test(text) && !text.startsWith("-"));
const apps = fc
  .dictionary(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/), word, { minKeys: 1, maxKeys: 3 })
  .map((found) => ({ ...found }));
const reporters = fc.oneof(fc.record({ apps }), fc.constant({ noApps: true }), fc.constant({ sample: true }));
const server = fc.oneof(
  fc.record({ email: word, port: fc.integer({ min: 1, max: 65_535 }) }, { requiredKeys: ["email"] }),
  fc.record({
    serverUrl: fc.webUrl({ withQueryParameters: false }).map((url) => url.replace(/\/+$/, "")),
    token: fc.constant("env:TOKEN"),
  }),
);
const typedWords = fc.subarray([
  ["--no-preflight"],
  ["--engine", "podman"],
  ["--discovery", "env"],
  ["--provisioner", "build"],
]);

it("the command line of the answers says the same without a question", () => {
  fc.assert(
    fc.property(typedWords, reporters, server, word, (typed, who, where, organization) => {
      const { given, options } = parsed(typed.flat());
      const answers = { ...options, ...who, ...where, organization } as InitOptions;
      const line = initCommandLine(given, answers);
      const words = shellWords(line)?.slice(3) ?? [];
      expect(words[0]).toBe("--yes");
      expect(parsed(words.slice(1)).options).toEqual(answers);
      expect(new Set(words.filter((one) => one.startsWith("--no-"))).size).toBe(
        words.filter((one) => one.startsWith("--no-")).length,
      );
    }),
    propertyRuns(200),
  );
});

it("no app and the folder that was typed are part of the command line", () => {
  const { given } = parsed(["-C", "my shop"]);
  expect(initCommandLine(given, { noApps: true, organization: "Acme" }, ["-C", "my shop"])).toBe(
    "npx glitchtip-compose init --yes -C 'my shop' --no-apps --organization Acme",
  );
});
