import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openServerStore } from "../../../src/outputs/server-store.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  path = join(folder, "state", "prod.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const identity = (id: string, slug: string) => ({ id, slug, dateCreated: "2026-11-21T09:00:00.123456Z" });

describe("what is known of a server", () => {
  it("is in the file at once, and read by the next run", () => {
    const store = openServerStore(path);
    expect(store.known).toEqual({ organizations: {} });
    store.setOrganization("Acme", identity("1", "acme"));
    store.setTeam("Acme", "backend", "7");
    store.setProject("Acme", "shop", identity("3", "shop"));
    store.setProject("Acme", "shop", identity("3", "shop-renamed"));
    const known = {
      organizations: {
        Acme: { ...identity("1", "acme"), teams: { backend: "7" }, projects: { shop: identity("3", "shop-renamed") } },
      },
    };
    expect(store.known).toEqual(known);
    expect(openServerStore(path).known).toEqual(known);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("survives a line that a kill has cut, with the lines after it", () => {
    openServerStore(path).setOrganization("Acme", identity("1", "acme"));
    appendFileSync(path, '{"organization":"Acme","project":"sh');
    const store = openServerStore(path);
    expect(Object.keys(store.known.organizations)).toEqual(["Acme"]);
    store.setProject("Acme", "web", identity("4", "web"));
    expect(openServerStore(path).known.organizations.Acme?.projects).toEqual({ web: identity("4", "web") });
  });

  it("is empty where the file is damaged", () => {
    openServerStore(path).setOrganization("Acme", identity("1", "acme"));
    writeFileSync(path, "something else\n[1,2]\n");
    expect(openServerStore(path).known).toEqual({ organizations: {} });
  });

  it("is replaced by what a plan has found, and not written where nothing changed", () => {
    const store = openServerStore(path);
    store.setProject("Acme", "gone", identity("9", "gone"));
    const known = { organizations: { Acme: { ...identity("1", "acme"), teams: {}, projects: {} } } };
    store.replace(known);
    expect(openServerStore(path).known).toEqual(known);
    const { mtimeNs, ino } = statSync(path, { bigint: true });
    store.replace(known);
    openServerStore(path).replace(known);
    const after = statSync(path, { bigint: true });
    expect([after.mtimeNs, after.ino]).toEqual([mtimeNs, ino]);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(2);
  });

  it("accepts names that are properties of every object", () => {
    const store = openServerStore(path);
    store.setOrganization("__proto__", identity("1", "proto"));
    store.setProject("__proto__", "constructor", identity("2", "constructor"));
    const { organizations } = openServerStore(path).known;
    expect(Object.entries(organizations).map(([name, { projects }]) => [name, Object.keys(projects)])).toEqual([
      ["__proto__", ["constructor"]],
    ]);
  });
});
