import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { initWorkspace } from "../../src/init/init.ts";
import { CLI } from "../support/cli-process.ts";
import { TemporaryFolder, testAssets, useFormerBase } from "../support/workspace.ts";

const STACK = "compose.override.yaml";
const dieWhileWriting = fileURLToPath(new URL("../support/die-while-writing.mjs", import.meta.url));
const log = { info() {}, step() {}, debug() {}, warn() {} };

/** Returns a workspace of an older version with the user's edits, whose declaration now needs other files. */
async function olderWorkspace(): Promise<TemporaryFolder> {
  const folder = new TemporaryFolder();
  await initWorkspace(
    { dir: folder.path, log, env: {}, assets: testAssets("0.0.1") },
    { organization: "Acme", port: 8123 },
  );
  useFormerBase(folder);
  folder.write(STACK, `${folder.read(STACK).replace("mem_limit: 512m", "mem_limit: 1g")}# mine\n`);
  folder.write("glitchtip.yaml", `${folder.read("glitchtip.yaml")}\nprovisioner: image:example/provisioner\n`);
  folder.write(".env", "MINE=1\n");
  return folder;
}

function render(folder: TemporaryFolder, dieAt?: number) {
  const flags = dieAt === undefined ? [] : ["--import", dieWhileWriting];
  const { status, signal, stderr } = spawnSync(execPath, [...flags, CLI, "render", "-C", folder.path], {
    env: { PATH: "", DOCKER_HOST: "unix:///dev/null", ...(dieAt === undefined ? {} : { DIE_AT_WRITE: String(dieAt) }) },
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, signal, stderr };
}

const filesOf = (folder: TemporaryFolder): Record<string, string> => folder.files();

function copyOf(folder: TemporaryFolder): TemporaryFolder {
  const copy = new TemporaryFolder();
  cpSync(folder.path, copy.path, { recursive: true });
  return copy;
}

it("a render that is killed at any write, rename or removal is completed by the next one", async () => {
  using older = await olderWorkspace();
  using whole = copyOf(older);
  expect(render(whole)).toMatchObject({ status: 0, signal: null });
  const wanted = filesOf(whole);
  expect(Object.keys(wanted).filter((path) => path.startsWith(".glitchtip/base/"))).toEqual([]);
  for (const part of ["mem_limit: 1g", "example/provisioner", "# mine\n"]) expect(wanted[STACK]).toContain(part);
  expect(Object.keys(wanted).filter((path) => path.includes("provisioner.mjs"))).toEqual([]);

  let kills = 0;
  for (let ended = false; !ended; kills++) {
    using folder = copyOf(older);
    const { signal } = render(folder, kills + 1);
    ended = signal === null;
    expect(render(folder), `after being killed at step ${kills + 1}`).toMatchObject({ status: 0 });
    expect(filesOf(folder), `killed at step ${kills + 1}`).toEqual(wanted);
  }
  expect(kills).toBeGreaterThan(20);
}, 180_000);
