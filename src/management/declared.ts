import { readdirSync, statSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { mistakes } from "../config/check.ts";
import { loadServers } from "../config/load.ts";
import type { Declaration } from "../config/schema.ts";
import { resolveServer, serverKind } from "../config/server.ts";
import type { Generation } from "../glitchtip/versions.ts";
import { type DesiredServer, desiredServers, type Reference } from "../reconcile/index.ts";

export interface ServersChoice {
  /** The path of a declaration, or of a folder of declarations. */
  readonly file: string;
  /** The only instance to use; undefined for all. */
  readonly instance?: string | undefined;
}

/** One server of a declaration. Secrets are still references. */
export interface DeclaredServer {
  /** The declaration's path as the user would type it. */
  readonly file: string;
  readonly path: string;
  /** The folder of the file. References and the stores of its servers are relative to it. */
  readonly dir: string;
  readonly text: string;
  readonly declaration: Declaration;
  /** The generation, if the declaration says it or implies it. */
  readonly generation: Generation | undefined;
  readonly desired: DesiredServer<Reference>;
}

/**
 * Returns all servers of a declaration, or of all declarations of a folder. Throws with every mistake of every file at
 * once.
 */
export function declaredServers(
  dir: string,
  { file, instance }: ServersChoice,
  /** Changes the text of a declaration before it is checked. */
  complete = (text: string) => text,
): DeclaredServer[] {
  const loaded = declarationFiles(dir, file).map((one) => load(dir, one, complete));
  const failed = loaded.flatMap((one) => (one instanceof CodedError ? [one] : []));
  const servers = loaded.flatMap((one) => (one instanceof CodedError ? [] : one));
  const [first] = failed;
  if (first !== undefined && failed.length === 1) throw first;
  if (first !== undefined) {
    throw mistakes(
      file,
      failed.flatMap((error) => (error.problems.length > 0 ? error.problems : [error.message])),
    );
  }
  checkNames(file, servers);
  if (instance === undefined) return servers;
  const chosen = servers.filter(({ desired }) => desired.name === instance);
  if (chosen.length > 0) return chosen;
  const names = servers.map(({ desired }) => desired.name);
  throw new CodedError("GC1001", `no instance is called ${instance}${didYouMean(instance, names)}`, {
    remedy: `There are: ${names.join(", ")}`,
  });
}

/** A declaration that cannot be used, while those beside it can. */
export interface BrokenDeclaration {
  readonly file: string;
  readonly error: CodedError;
}

/**
 * Returns the servers of all declarations that can be used, and the files that cannot. A name that two files have belongs
 * to neither.
 */
export function usableServers(dir: string, file: string): { servers: DeclaredServer[]; broken: BrokenDeclaration[] } {
  const loaded = declarationFiles(dir, file).map((one) => ({ file: one, found: load(dir, one, (text) => text) }));
  const broken = loaded.flatMap(({ file: of, found }) =>
    found instanceof CodedError ? [{ file: of, error: found }] : [],
  );
  const servers = loaded.flatMap(({ found }) => (found instanceof CodedError ? [] : found));
  const twice = sameNames(servers);
  const doubles = twice.flatMap(([name, files]) =>
    files.map((of) => ({ file: of, error: mistakes(of, [`instance "${name}" is in ${files.join(" and ")}`]) })),
  );
  const names = new Set(twice.map(([name]) => name));
  return { servers: servers.filter(({ desired }) => !names.has(desired.name)), broken: [...broken, ...doubles] };
}

function declarationFiles(dir: string, file: string): string[] {
  const path = resolve(dir, file);
  if (!isFolder(path)) return [file];
  const found = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name))
    .map(({ name }) => join(file, name))
    .sort();
  if (found.length > 0) return found;
  throw new CodedError("GC1108", `there is no declaration in the folder ${file}`, {
    remedy: "Put one *.yaml file for each server there.",
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function load(dir: string, file: string, complete: (text: string) => string): DeclaredServer[] | CodedError {
  try {
    return serversIn(dir, file, complete(declarationText(resolve(dir, file), file)));
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/** Returns the servers that `text` declares: what `file` holds, or will hold. */
export function serversIn(dir: string, file: string, text: string): DeclaredServer[] {
  const path = resolve(dir, file);
  const declaration = loadServers(text, file);
  return desiredServers(declaration, parse(file).name).map((desired) => ({
    file,
    path,
    dir: dirname(path),
    text,
    declaration,
    generation: generationOf(declaration, desired.name),
    desired,
  }));
}

function declarationText(path: string, file: string): string {
  let text: string | undefined;
  try {
    text = readIfThere(path);
  } catch (cause) {
    throw new CodedError("GC1102", `${file} is there but cannot be read`, {
      remedy: "Check who owns it and that it is a file.",
      cause,
    });
  }
  if (text !== undefined) return text;
  throw new CodedError("GC1108", `there is no ${file}`, {
    remedy:
      "Name the declaration with --file, create one with npx glitchtip-compose init, or write that of a running server with pull --url.",
  });
}

function generationOf(declaration: Declaration, name: string): Generation | undefined {
  const { servers, server } = declaration;
  if (servers !== undefined) return servers[name]?.generation;
  if (server.generation !== undefined || serverKind(declaration) !== "bundled") return server.generation;
  return resolveServer(server).server?.capabilities.generation;
}

/** Returns the names that several servers have, with their files. */
function sameNames(servers: readonly DeclaredServer[]): [string, string[]][] {
  const places = new Map<string, string[]>();
  for (const { file: of, desired } of servers) places.set(desired.name, [...(places.get(desired.name) ?? []), of]);
  return [...places].filter(([, files]) => files.length > 1);
}

function checkNames(file: string, servers: readonly DeclaredServer[]): void {
  const twice = sameNames(servers);
  if (twice.length === 0) return;
  const problems = twice.map(([name, files]) => `instance "${name}" is in ${files.join(" and ")}`);
  throw mistakes(file, problems);
}
