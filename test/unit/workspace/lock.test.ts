import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { type LockDocker, lockImages, unlockImages } from "../../../src/workspace/lock.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const LOCK = ".glitchtip/compose.lock.yaml";
const digest = (of: string) => `sha256:${of.repeat(64)}`;

/** Returns a fake of Docker: the images as Compose reads them, and the digests that a registry gave them. */
const docker = (images: Readonly<Record<string, string>>, digests: Readonly<Record<string, string>>): LockDocker => ({
  config: async () => ({
    name: "shop",
    services: Object.fromEntries(Object.entries(images).map(([name, image]) => [name, { image }])),
  }),
  digest: async (reference) => digests[reference],
});

async function project(): Promise<TemporaryFolder> {
  const folder = new TemporaryFolder();
  folder.write("compose.yaml", "services:\n  api: { image: shop/api, entrypoint: [node], command: [x] }\n");
  await initWorkspace(context(folder), { apps: { api: "shop" } });
  return folder;
}

const context = (folder: TemporaryFolder) => ({ dir: folder.path, log: silentLog, env: {}, assets: testAssets() });

describe("lock", () => {
  const images = { glitchtip: "glitchtip/glitchtip:6", "glitchtip-db": "postgres:18", api: "shop/api:1" };

  it("pins each of our images, names those without a digest, and leaves the user's alone", async () => {
    using folder = await project();
    const result = await lockImages(
      context(folder),
      docker(images, { "postgres:18": digest("a"), "shop/api:1": digest("b") }),
    );
    expect(result).toMatchObject({
      pinned: [{ service: "glitchtip-db", image: "postgres:18", digest: digest("a") }],
      unpinned: [expect.stringContaining("glitchtip/glitchtip:6")],
    });
    expect(folder.read(LOCK)).toContain(`image: postgres:18@${digest("a")}`);
    expect(folder.read("compose.override.yaml")).toContain(`:-postgres:18@${digest("a")}}`);
    expect(folder.read("compose.override.yaml")).toContain("GLITCHTIP_IMAGE:-glitchtip/glitchtip:6}");
  });

  it("pins an image that .env names in .env", async () => {
    using folder = await project();
    folder.write(".env", "GLITCHTIP_IMAGE=registry.example.com/glitchtip:6\n");
    const own = { glitchtip: "registry.example.com/glitchtip:6" };
    await lockImages(context(folder), docker(own, { "registry.example.com/glitchtip:6": digest("c") }));
    expect(folder.read(".env")).toContain(`GLITCHTIP_IMAGE=registry.example.com/glitchtip:6@${digest("c")}`);
  });

  it("accepts a newer digest of the same tag, and one that an update bot wrote", async () => {
    using folder = await project();
    await lockImages(context(folder), docker(images, { "postgres:18": digest("a") }));
    const pinned = { ...images, "glitchtip-db": `postgres:18@${digest("a")}` };
    await lockImages(context(folder), docker(pinned, { "postgres:18": digest("d") }));
    expect(folder.read("compose.override.yaml")).toContain(digest("d"));
    folder.write(LOCK, folder.read(LOCK).replace(digest("d"), digest("e")));
    await initWorkspace(context(folder));
    expect(folder.read("compose.override.yaml")).toContain(digest("e"));
  });

  it("fails where nothing can be pinned, and writes nothing in a dry run", async () => {
    using folder = await project();
    const before = folder.files();
    await expect(lockImages(context(folder), docker(images, {}))).rejects.toMatchObject({
      code: "GC1607",
      problems: [expect.stringContaining("glitchtip/glitchtip:6"), expect.stringContaining("postgres:18")],
    });
    await lockImages(context(folder), docker(images, { "postgres:18": digest("a") }), { dryRun: true });
    expect(folder.files()).toEqual(before);
  });

  it("names images by their tags again after unlock", async () => {
    using folder = await project();
    const before = folder.read("compose.override.yaml");
    await lockImages(context(folder), docker(images, { "postgres:18": digest("a") }));
    await unlockImages(context(folder));
    expect(folder.read("compose.override.yaml")).toBe(before);
    expect(Object.keys(folder.files())).not.toContain(LOCK);
  });
});
