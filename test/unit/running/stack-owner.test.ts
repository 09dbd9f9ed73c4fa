import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine, StackMark } from "../../../src/docker/index.ts";
import {
  claimProblems,
  claimsOf,
  instanceOfData,
  movedNotes,
  observeClaims,
  refuseForeignStack,
  rememberTakenFolders,
} from "../../../src/running/stack-owner.ts";

const OURS = "0123456789abcdef";
const THEIRS = "fedcba9876543210";
const HERE = "/home/ann/b/shop";
const identity = { dir: HERE, project: "shop", instance: OURS };

const container = (key: string, more: Partial<StackMark> = {}): StackMark => ({
  kind: "container",
  name: `shop-${key}-1`,
  project: "shop",
  key,
  folder: HERE,
  ...more,
});
const volume = (key: string, instance?: string): StackMark => ({
  kind: "volume",
  name: `shop_${key}`,
  project: "shop",
  key,
  ...(instance === undefined ? {} : { instance }),
});

const view = (...there: string[]) => ({
  isSame: (folder: string) => folder === HERE,
  isThere: (folder: string) => there.includes(folder),
});

describe("the owner of what is on the engine", () => {
  it("is this workspace where folder and instance id are its own", () => {
    const marks = [container("api"), container("glitchtip", { instance: OURS }), volume("glitchtip-db", OURS)];
    const claims = claimsOf(marks, marks, identity, view());
    expect(claims).toEqual({ folders: [], strange: [], elsewhere: [] });
    expect(claimProblems(identity, claims)).toEqual([]);
    expect(() => refuseForeignStack(identity, claims)).not.toThrow();
  });

  it("is another folder with the same id: a copy, a clone, or the old name of this folder", () => {
    const folder = "/home/ann/a/shop";
    const marks = [container("api", { folder }), container("glitchtip", { folder, instance: OURS })];
    const claims = claimsOf(marks, marks, identity, view(folder));
    expect(claims.folders).toEqual([{ folder, containers: ["shop-api-1", "shop-glitchtip-1"], isSameWorkspace: true }]);
    expect(() => refuseForeignStack(identity, claims)).toThrow(
      expect.objectContaining({
        code: "GC1611",
        message: expect.stringMatching(/shop.*\/home\/ann\/a\/shop.*\/home\/ann\/b\/shop.*shop-api-1/),
        remedy: expect.stringMatching(/COMPOSE_PROJECT_NAME=shop-2.*--take-over/),
      }),
    );
  });

  it("is another workspace where only the user's own containers run, which carry no id", () => {
    const claims = claimsOf([container("api", { folder: "/srv/other" })], [], identity, view("/srv/other"));
    expect(claims.folders).toMatchObject([{ folder: "/srv/other", isSameWorkspace: false }]);
  });

  it("is another workspace where its containers are gone and its volumes are still there", () => {
    const claims = claimsOf([volume("glitchtip-db", THEIRS), volume("data")], [], identity, view());
    expect(claims.strange).toEqual([volume("glitchtip-db", THEIRS)]);
    expect(claimProblems(identity, claims)).toMatchObject([
      { what: expect.stringContaining("volume shop_glitchtip-db"), fix: expect.stringContaining("init --take-over") },
    ]);
  });

  it("is found by the folder alone for a stack from before, whose volumes have no id", () => {
    const before = { ...identity, instance: undefined };
    const marks = [container("glitchtip"), volume("glitchtip-db")];
    expect(claimsOf(marks, [], before, view())).toEqual({ folders: [], strange: [], elsewhere: [] });
    const others = [container("glitchtip", { folder: "/srv/other" }), volume("glitchtip-db", THEIRS)];
    expect(claimsOf(others, [], before, view()).folders).toHaveLength(1);
    expect(claimsOf(others, [], before, view()).strange).toEqual([]);
  });

  it("is this workspace under its old name where the folder was renamed", () => {
    const folder = "/home/ann/b/store";
    const marks = [container("glitchtip", { project: "store", folder, instance: OURS })];
    const claims = claimsOf([], marks, identity, view());
    expect(claims.elsewhere).toEqual([{ project: "store", folder }]);
    expect(movedNotes(identity, claims)).toEqual([expect.stringMatching(/store.*COMPOSE_PROJECT_NAME=store/)]);
  });

  it("says nothing of a second clone that is still there, nor of an old name once this one has a stack", () => {
    const folder = "/home/ann/b/store";
    const marks = [container("glitchtip", { project: "store", folder, instance: OURS })];
    expect(claimsOf([], marks, identity, view(folder)).elsewhere).toEqual([]);
    expect(claimsOf([volume("glitchtip-db", OURS)], marks, identity, view()).elsewhere).toEqual([]);
  });

  it("names a Compose project that has only volumes left", () => {
    const marks = [{ ...volume("glitchtip-db", OURS), project: "store" }];
    expect(claimsOf([], marks, identity, view()).elsewhere).toEqual([{ project: "store" }]);
  });
});

describe("folders on disk", () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "stack-owner-")));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const engineWith = (...marks: StackMark[]): Engine => ({ marks: async () => marks }) as Partial<Engine> as Engine;
  const foldersFor = async (dir: string, started: string) =>
    (await observeClaims(engineWith(container("api", { folder: started })), { dir, project: "shop" })).folders;

  it("are the same by whichever link they were entered", async () => {
    mkdirSync(join(root, "shop"));
    symlinkSync("shop", join(root, "link"));
    expect(await foldersFor(join(root, "shop"), join(root, "link"))).toEqual([]);
    expect(await foldersFor(join(root, "link"), join(root, "shop"))).toEqual([]);
    expect(await foldersFor(join(root, "shop"), join(root, "other"))).toHaveLength(1);
  });

  it("that were taken over count as this one, for this folder and not for a copy of it", async () => {
    const [dir, old] = [join(root, "new"), join(root, "old")];
    mkdirSync(dir);
    const claims = await observeClaims(engineWith(container("api", { folder: old })), { dir, project: "shop" });
    rememberTakenFolders(dir, claims);
    expect(await foldersFor(dir, old)).toEqual([]);
    const copy = join(root, "copy");
    renameSync(dir, copy);
    expect(await foldersFor(copy, old)).toHaveLength(1);
  });

  it("find data of a new workspace's Compose project: refused, or taken over with its id", async () => {
    const self = { dir: root, project: "shop" };
    expect(await instanceOfData(engineWith(volume("data")), self, false)).toBeUndefined();
    await expect(instanceOfData(engineWith(volume("glitchtip-db")), self, false)).rejects.toMatchObject({
      code: "GC1611",
      problems: expect.arrayContaining(["volumes: shop_glitchtip-db"]),
    });
    expect(await instanceOfData(engineWith(volume("glitchtip-db")), self, true)).toBe("none");
    expect(await instanceOfData(engineWith(volume("glitchtip-db", THEIRS)), self, true)).toBe(THEIRS);
  });
});
