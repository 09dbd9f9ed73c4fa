import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages }: { packages: Readonly<Record<string, Entry>> } = JSON.parse(
  readFileSync("package-lock.json", "utf8"),
);

// Else `npm ci` fails on a new machine: a registry mirror without them makes `npm install` leave them out.
it("the lockfile lists the optional packages of every platform: node .config/complete-lock.mjs", () => {
  const lost = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${from}/node_modules/${name}` in packages),
    ),
  );
  expect(lost).toEqual([]);
});

it("the lockfile names no registry's address", () => {
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});
