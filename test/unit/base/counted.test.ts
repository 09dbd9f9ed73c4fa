import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { counted, countedDoing } from "../../../src/base/counted.ts";

const root = join(import.meta.dirname, "../../..");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => `src/${name}`);

/** What texts of this program count. */
const NOUNS =
  "accounts|actions|alerts|apps|backups|changes|checks|containers|days|events|files|jobs|keys|lines|members|minutes|" +
  "monitors|organizations|points|problems|projects|recipients|requests|rows|servers|services|steps|tables|teams|times|" +
  "users|variables|volumes|warnings|writes";
const FIXED_PLURAL = new RegExp(`\\$\\{([^{}]+)\\} (?:${NOUNS})\\b`, "g");
/** Counts that are two at least where the text is reached, and words that are no counts. */
const NEVER_ONE =
  /^(?:several\.length|slugs\.length|refusals\.length|lines\.length|length|all\.length|type|minutes\(.*\)|Math\.round\(aliveAgo \/ 60\))$/;

describe("a count with its word", () => {
  it("is singular for one alone", () => {
    expect([0, 1, 2].map((count) => counted(count, "app"))).toEqual(["0 apps", "1 app", "2 apps"]);
    expect([1, 2].map((count) => countedDoing(count, "job", "wait"))).toEqual(["1 job waits", "2 jobs wait"]);
  });

  it("stands in every text that counts", () => {
    expect(sources.length).toBeGreaterThan(400);
    const fixed = sources.flatMap((path) =>
      [...readFileSync(join(root, path), "utf8").matchAll(FIXED_PLURAL)]
        .filter(([, count = ""]) => !NEVER_ONE.test(count) && !/^[A-Z_]+$/.test(count))
        .map(([text]) => `${path}: ${text}`),
    );
    expect(fixed).toEqual([]);
  });
});
