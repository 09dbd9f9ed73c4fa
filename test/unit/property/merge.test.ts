import { structuredPatch } from "diff";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { initWorkspace } from "../../../src/init/init.ts";
import { mergeThree } from "../../../src/workspace/merge.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const STACK = "compose.override.yaml";
const log = { info() {}, step() {}, debug() {}, warn() {} };

/** The generated file for two versions of a declaration. */
async function stack(options: Parameters<typeof initWorkspace>[1]): Promise<string[]> {
  using folder = new TemporaryFolder();
  await initWorkspace({ dir: folder.path, log, env: {}, assets: testAssets() }, { organization: "Acme", ...options });
  return folder.read(STACK).split("\n");
}

let small: string[];
let large: string[];
beforeAll(async () => {
  small = await stack({});
  large = await stack({ topology: "split", valkey: "bundled", provisioner: "build" });
});

/** A user's edit of one line: a new line before it, or text at its end. */
type Kind = "insert" | "append";
const edits = fc.uniqueArray(
  fc.record({ at: fc.nat({ max: 400 }), kind: fc.constantFrom<Kind[]>("insert", "append") }),
  { minLength: 1, maxLength: 8, selector: ({ at }) => at },
);
const indentOf = (line = "") => /^ */.exec(line)?.[0] ?? "";

function edited(lines: readonly string[], at: ReadonlyMap<number, Kind>): string[] {
  return lines.flatMap((line, i) => {
    if (!at.has(i)) return [line];
    return at.get(i) === "insert" ? [`${indentOf(line)}# mine: line ${i}`, line] : [`${line} # mine ${i}`];
  });
}

/** The lines of `base` where an edit touches no generated change. */
function untouched(base: readonly string[], ours: readonly string[]): number[] {
  const { hunks: found } = structuredPatch("", "", base.join("\n"), ours.join("\n"), "", "", { context: 0 });
  const hunks = found.map(({ oldStart, oldLines }) => ({ start: oldStart - 1, end: oldStart - 1 + oldLines }));
  return [...base.keys()].filter((at) => hunks.every(({ start, end }) => at < start - 1 || at > end));
}

describe("a three-way merge of a managed file", () => {
  it.each(["an upgrade", "the way back"])("keeps every edit of the user outside the generated changes of %s", (way) => {
    const [base, ours] = way === "an upgrade" ? [small, large] : [large, small];
    const places = untouched(base, ours);
    expect(places.length).toBeGreaterThan(50);
    fc.assert(
      fc.property(edits, (some) => {
        const at = new Map(some.map(({ at: nth, kind }) => [places[nth % places.length] ?? 0, kind]));
        const yours = edited(base, at);
        const merged = mergeThree(STACK, base.join("\n"), yours.join("\n"), ours.join("\n"));
        if (!("text" in merged)) return expect(merged).toHaveProperty("text");
        const lines = merged.text.split("\n");
        const isMine = (line: string) => line.includes("# mine");
        expect(lines.filter(isMine)).toEqual(yours.filter(isMine));
        const without = lines
          .filter((line) => !/# mine: line \d+$/.test(line))
          .map((line) => line.replace(/ # mine \d+$/, ""));
        expect(without).toEqual(ours);
      }),
    );
  });

  it("merges each line of the user or reports a conflict there", () => {
    fc.assert(
      fc.property(edits, (some) => {
        const yours = edited(small, new Map(some.map(({ at, kind }) => [at % small.length, kind])));
        const merged = mergeThree(STACK, small.join("\n"), yours.join("\n"), large.join("\n"));
        const mine = yours.filter((line) => line.includes("# mine"));
        if ("text" in merged) expect(merged.text.split("\n")).toEqual(expect.arrayContaining(mine));
        for (const { line, yours: there } of "conflicts" in merged ? merged.conflicts : []) {
          expect(yours.slice(line - 1, line - 1 + there.length)).toEqual(there);
        }
        if ("conflicts" in merged && merged.broken === undefined) expect(merged.conflicts).not.toEqual([]);
      }),
    );
  });

  it("merges a file with a thousand apps, whose lines resemble each other", () => {
    const app = (name: number, more = "") => [
      `  s${name}:`,
      "    entrypoint:",
      "      - with-dsn",
      `    x: 1${more}`,
      "",
    ];
    const base = Array.from({ length: 1_000 }, (_, i) => app(i)).flat();
    const ours = Array.from({ length: 1_000 }, (_, i) => app(i, i % 50 === 7 ? "0" : "")).flat();
    const [at, mine] = [4_000, "# mine"];
    const merged = mergeThree("x", base.join("\n"), base.toSpliced(at, 0, mine).join("\n"), ours.join("\n"));
    expect(merged).toEqual({ text: ours.toSpliced(at, 0, mine).join("\n") });
  });

  it("returns the other side where one side has not changed", () => {
    const text = fc.array(fc.constantFrom("a", "b", "", "  c: 1"), { maxLength: 12 }).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, text, (base, other) => {
        expect(mergeThree("x", base, other, base)).toEqual({ text: other });
        expect(mergeThree("x", base, base, other)).toEqual({ text: other });
        expect(mergeThree("x", base, other, other)).toEqual({ text: other });
      }),
    );
  });
});
