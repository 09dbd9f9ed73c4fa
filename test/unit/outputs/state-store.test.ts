import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { openStateStore } from "../../../src/outputs/state-store.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-state-"));
  path = join(folder, "state.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ACME = { id: "1", slug: "acme", dateCreated: "2026-08-01T10:00:00.000001Z" };
const SHOP = { id: "7", slug: "shop-api", dateCreated: "2026-08-01T10:00:01.000001Z", keyId: "k", key: "k" };
const token = new Secret("f".repeat(64));
const text = () => readFileSync(path, "utf8");

describe("the state", () => {
  it("is read by the next run", () => {
    const store = openStateStore(folder);
    store.setToken("3", token);
    store.setOrganization(ACME);
    store.setProject("shop-api", { ...SHOP, proved: true });
    const next = openStateStore(folder);
    expect(next.token?.reveal()).toBe("f".repeat(64));
    expect(next.organization).toEqual(ACME);
    expect(next.projects).toEqual({ "shop-api": { ...SHOP, proved: true } });
  });

  it("removes what is set to undefined", () => {
    const store = openStateStore(folder);
    store.setToken("3", token);
    store.setOrganization(ACME);
    store.setProject("shop-api", SHOP);
    store.setToken("3", undefined);
    store.setOrganization(undefined);
    store.setProject("shop-api", undefined);
    const next = openStateStore(folder);
    expect([next.token, next.organization, next.projects]).toEqual([undefined, undefined, {}]);
  });

  it("accepts any name of a project", () => {
    const store = openStateStore(folder);
    for (const name of ["商店", "", "constructor", "toString", "a b/c"]) store.setProject(name, SHOP);
    expect(Object.keys(openStateStore(folder).projects).sort()).toEqual(
      ["商店", "", "constructor", "toString", "a b/c"].sort(),
    );
    expect(openStateStore(folder).projects.hasOwnProperty).not.toEqual(SHOP);
  });

  it("is one file that only its owner may read", () => {
    openStateStore(folder).setToken("3", token);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it("makes its folder, and a file only with the first change", () => {
    const deep = join(folder, "not", "there", "yet");
    const store = openStateStore(deep);
    expect(readdirSync(folder)).toEqual([]);
    store.setOrganization(ACME);
    expect(readdirSync(deep)).toEqual(["state.json"]);
  });

  it("is not written where nothing changes, whatever the order of its fields", () => {
    const store = openStateStore(folder);
    store.setProject("shop-api", { ...SHOP, proved: true });
    const { ino } = statSync(path);
    const { id, ...rest } = SHOP;
    store.setProject("shop-api", { proved: true, ...rest, id });
    openStateStore(folder).setProject("shop-api", { ...SHOP, proved: true });
    expect(statSync(path).ino).toBe(ino);
  });

  it("is the same text for the same state, whatever the order of its changes", () => {
    const one = openStateStore(folder);
    one.setOrganization(ACME);
    one.setToken("3", token);
    const first = text();
    rmSync(path);
    const other = openStateStore(folder);
    other.setToken("3", token);
    other.setOrganization(ACME);
    expect(text()).toBe(first);
  });

  it.each([
    ["that is empty", ""],
    ["that was cut", '{"version":1,"token":{"id":"3","va'],
    ["of somebody else", '{"name":"left-pad","version":"1.0.0"}'],
    ["of a later version", '{"version":2,"projects":{},"more":true}'],
    ["with a field of another kind", '{"version":1,"projects":{"shop-api":{"id":7}}}'],
    ["that is null", "null"],
  ])("%s is started anew: all of it can be found on the server again", (_, content) => {
    writeFileSync(path, content);
    const store = openStateStore(folder);
    expect([store.token, store.organization, store.projects]).toEqual([undefined, undefined, {}]);
    store.setOrganization(ACME);
    expect(openStateStore(folder).organization).toEqual(ACME);
  });
});

describe("a refused password", () => {
  const password = new Secret("Correct-Horse-7");

  it("is known to the next run, for this account and this password only", () => {
    openStateStore(folder).refusePassword("admin@example.com", password);
    const next = openStateStore(folder);
    expect(next.wasRefused("admin@example.com", password)).toBe(true);
    expect(next.wasRefused("admin@example.com", new Secret("Correct-Horse-8"))).toBe(false);
    expect(next.wasRefused("other@example.com", password)).toBe(false);
  });

  it("is not in the file as text, and is hashed with another salt each time", () => {
    const store = openStateStore(folder);
    store.refusePassword("admin@example.com", password);
    const first = text();
    expect(first).not.toContain("Horse");
    store.refusePassword("admin@example.com", password);
    expect(text()).not.toBe(first);
  });

  it("is removed with the next token", () => {
    const store = openStateStore(folder);
    expect(store.wasRefused("admin@example.com", password)).toBe(false);
    store.refusePassword("admin@example.com", password);
    store.setToken("3", token);
    expect(openStateStore(folder).wasRefused("admin@example.com", password)).toBe(false);
  });
});
