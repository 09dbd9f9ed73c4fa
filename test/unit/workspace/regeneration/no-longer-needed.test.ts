import { describe, expect, it } from "vitest";
import type { TemporaryFolder } from "../../../support/workspace.ts";
import { edit, project, upgrade, warnings } from "./upgraded.ts";

describe("a file that is no longer needed", () => {
  const PROGRAM = ".glitchtip/provisioner.mjs";
  const withImage = (folder: TemporaryFolder) =>
    edit(folder, "glitchtip.yaml", (text) => `${text}\nprovisioner: image:example/provisioner\n`);

  it("is removed with its base text", async () => {
    using folder = await project();
    withImage(folder);
    expect((await upgrade(folder)).removed).toEqual([PROGRAM]);
    expect(Object.keys(folder.files()).filter((path) => path.includes("provisioner.mjs"))).toEqual([]);
    expect(folder.read(".glitchtip/manifest.json")).not.toContain("provisioner.mjs");
    expect(await upgrade(folder)).toMatchObject({ nothingToChange: true, removed: [] });
  });

  it("is removed with its folder", async () => {
    using folder = await project();
    edit(folder, "glitchtip.yaml", (text) => `${text}\nprovisioner: build\n`);
    await upgrade(folder);
    edit(folder, "glitchtip.yaml", (text) => text.replace("provisioner: build", ""));
    expect((await upgrade(folder)).removed).toEqual([
      ".glitchtip/provisioner/provisioner.mjs",
      ".glitchtip/provisioner/Dockerfile",
    ]);
    expect(() => folder.mode(".glitchtip/provisioner")).toThrow("ENOENT");
  });

  it("is removed where its text has line ends of Windows, too, and a newer one replaces it before", async () => {
    using folder = await project();
    const before = folder.read("glitchtip.yaml");
    folder.write("glitchtip.yaml", `${before}\nservice: {}\n`);
    await upgrade(folder);
    await upgrade(folder, { version: "2.0.0" });
    expect(folder.read(".glitchtip/serve.mjs")).toContain("2.0.0");
    folder.write("glitchtip.yaml", before);
    expect((await upgrade(folder, { version: "2.0.0" })).removed).toContain(".glitchtip/serve.mjs");
    expect(warnings).toEqual([]);
  });

  it("stays with a warning where it was edited", async () => {
    using folder = await project();
    edit(folder, PROGRAM, (text) => `${text}// mine\n`);
    withImage(folder);
    expect((await upgrade(folder)).kept).toEqual([PROGRAM]);
    expect(warnings).toEqual([
      `${PROGRAM} is no longer needed; it was edited by hand, so it stays until you remove it`,
    ]);
    expect(folder.read(PROGRAM)).toContain("// mine");
  });

  it("is never a file outside our own, whatever the manifest says", async () => {
    using folder = await project();
    folder.write("notes.txt", "x");
    folder.write(".glitchtip/secrets/secret_key", "of-before");
    const manifest = JSON.parse(folder.read(".glitchtip/manifest.json"));
    const entry = { ours: ["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"] };
    for (const path of ["notes.txt", ".glitchtip/../notes.txt", ".glitchtip/secrets/secret_key"])
      manifest.files[path] = entry;
    folder.write(".glitchtip/manifest.json", JSON.stringify(manifest));
    expect((await upgrade(folder)).removed).toEqual([]);
    expect(folder.read("notes.txt")).toBe("x");
    expect(folder.read(".glitchtip/secrets/secret_key")).not.toBe("");
  });

  it("is the env file of an app that no longer reads its DSN from there", async () => {
    using folder = await project();
    folder.write(".glitchtip/env/worker.env", "SENTRY_DSN='http://key@host/1'\n", 0o600);
    expect((await upgrade(folder, { dryRun: true })).removed).toEqual([".glitchtip/env/worker.env"]);
    await upgrade(folder);
    expect(Object.keys(folder.files())).not.toContain(".glitchtip/env/worker.env");
  });
});
