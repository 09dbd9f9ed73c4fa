import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Emulator } from "../../../src/emulator/index.ts";
import { startServer } from "../../support/emulator.ts";
import { runProvisioner } from "../../support/provisioner-process.ts";
import { declare, dsnOf, type Folders, temporaryFolders } from "../../support/provisioning.ts";

/** api and worker share a project; web has its own. */
export const declaration = declare({
  projects: { shop: {}, web: {} },
  apps: { api: { project: "shop" }, worker: { project: "shop" }, web: { project: "web" } },
});

export interface Asked {
  readonly verb: "show" | "begin" | "abort" | "finish";
  readonly apps?: readonly string[];
  readonly keepOld?: boolean;
}

export const asking = (request: Asked) => ({ declaration, args: ["rotate"], stdin: JSON.stringify(request) });

export async function ask(emulator: Emulator, folders: Folders, request: Asked) {
  const { code, stdout, stderr } = await runProvisioner(emulator.url, folders, asking(request));
  return { code, stderr, answer: JSON.parse(stdout) };
}

/** A server with a first run behind it. */
export async function provisioned(generation: "5.2" | "6" = "6") {
  const folders = temporaryFolders();
  const emulator = await startServer({ generation });
  expect(await runProvisioner(emulator.url, folders, { declaration })).toMatchObject({ code: 0 });
  return {
    folders,
    emulator,
    async [Symbol.asyncDispose]() {
      folders[Symbol.dispose]();
      await emulator.close();
    },
  };
}

export const keyOf = (folders: Folders, app: string): string => new URL(dsnOf(folders, app) ?? "").username;
export const keysOf = (emulator: Emulator, project: string): string[] =>
  emulator
    .snapshot()
    .keys.filter((key) => key.project === project)
    .map(({ publicKey }) => publicKey.replaceAll("-", ""))
    .sort();
export const stateOf = (folders: Folders) => JSON.parse(readFileSync(join(folders.state, "state.json"), "utf8"));
export const rotationsIn = (folders: Folders): string[] =>
  Object.entries<{ rotation?: object }>(stateOf(folders).projects).flatMap(([name, { rotation }]) =>
    rotation === undefined ? [] : [name],
  );
const adminOf = (emulator: Emulator) => ({ authorization: `Bearer ${emulator.mintToken(undefined, "the test's")}` });

export async function deleteKey(emulator: Emulator, project: string, key: string): Promise<void> {
  const uuid = key.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const url = `${emulator.url}/api/0/projects/acme/${project}/keys/${uuid}/`;
  expect((await fetch(url, { method: "DELETE", headers: adminOf(emulator) })).status).toBe(204);
}
