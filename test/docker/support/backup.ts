import { readdirSync } from "node:fs";
import { expect } from "vitest";
import { backupFolders } from "../../../src/backup/index.ts";
import { readWorkspace } from "../../../src/workspace/index.ts";
import { inventory, readEvent, storedState } from "./server.ts";
import { Stack } from "./stack.ts";

/** A stack with what a backup is about: an event, a file among the uploads, a DSN that an app runs on. */
export async function stackWithData(...flags: string[]) {
  return await withData(await Stack.sample(...flags));
}

export async function withData(stack: Stack) {
  await stack.up();
  const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
  await readEvent(stack, "app", eventId);
  await stack.exec("glitchtip", "sh", "-c", "mkdir -p /code/uploads/a && echo map >/code/uploads/a/source.map");
  const dsn = await stack.variable("app", "SENTRY_DSN");
  const { projects } = await storedState(stack);
  return { stack, eventId, dsn, key: projects.app?.key };
}

export type Data = Awaited<ReturnType<typeof stackWithData>>;

export async function expectSameContent(stack: Stack, { eventId, dsn, key }: Omit<Data, "stack">): Promise<void> {
  expect((await readEvent(stack, "app", eventId)).title).toContain("Something broke");
  expect((await storedState(stack)).projects.app?.key).toBe(key);
  expect(await stack.variable("app", "SENTRY_DSN")).toBe(dsn);
  expect((await stack.exec("glitchtip", "cat", "/code/uploads/a/source.map")).stdout).toBe("map\n");
  // The upstream image brings a .gitignore in that folder, which a new volume takes over.
  const uploads = (await stack.exec("glitchtip", "ls", "-A", "/code/uploads")).stdout;
  expect(uploads.replace(/^\.gitignore\n/, "")).toBe("a\n");
  expect(await inventory(stack)).toMatchObject({ organizations: ["Acme"], projects: ["app"] });
  // The old DSN is accepted: a new event of the app, which kept it, arrives.
  const { eventId: next = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
  await readEvent(stack, "app", next);
}

export const databases = async (stack: Stack) =>
  (await stack.exec("glitchtip-db", "psql", "-U", "glitchtip", "-Atc", "SELECT datname FROM pg_database")).stdout
    .split("\n")
    .filter((name) => /^glitchtip/.test(name));

/** Returns where the stack's backups are: nothing declares a folder. */
export const backupFolderIn = ({ project }: Stack): string =>
  backupFolders(readWorkspace(project.dir, process.env), process.env)[0];

export const backupsOf = (stack: Stack) =>
  readdirSync(backupFolderIn(stack)).filter((name) => name.startsWith("glitchtip-"));
