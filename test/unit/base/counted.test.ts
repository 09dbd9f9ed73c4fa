import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { counted } from "../../../src/base/counted.ts";

const SRC = join(import.meta.dirname, "../../../src");

it("one thing has no plural", () => {
  expect([0, 1, 2].map((count) => counted(count, "app"))).toEqual(["0 apps", "1 app", "2 apps"]);
});

it("no text has a plural behind a count that may be one, nor an ordinal that is wrong", () => {
  const suspects = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => readFileSync(join(SRC, file), "utf8").split("\n"))
    .filter((line) => /\$\{[^}]*length\} (apps|backups|containers|images|volumes)\b|\$\{[^}]*\}\. try/.test(line));
  expect(suspects).toEqual([]);
});
