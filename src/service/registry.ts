import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { serverKind } from "../config/server.ts";
import { type BrokenDeclaration, type DeclaredServer, usableServers } from "../management/index.ts";
import type { ServeSettings, StackServer } from "./settings.ts";

/** The registered servers: those of the declarations. */
export interface Registry {
  /** Reads the declarations anew where a file has changed. */
  read(): Declared;
  /** Returns what changes with each change of a file. */
  signature(): string;
}

export interface Declared {
  readonly servers: readonly DeclaredServer[];
  readonly broken: readonly BrokenDeclaration[];
}

export interface CheckedRegistry extends Registry {
  /**
   * Throws GC1101 with the mistakes of all files if no server can be used. An empty folder is no mistake: what it is to
   * hold, such as a ConfigMap, may come later.
   */
  checkServers(): void;
}

/** Opens the declarations of files and folders. Files that are broken keep only their own servers out. */
export function openRegistry(
  dir: string,
  { files, stackServer }: Pick<ServeSettings, "files" | "stackServer">,
  log: Log,
): CheckedRegistry {
  const told = new Map<string, string>();
  let last: { readonly signature: string; readonly declared: Declared } | undefined;
  const signature = () => files.map((file) => signatureOf(resolve(dir, file))).join("\n");
  const load = (): Declared => {
    const now = signature();
    if (last?.signature === now) return last.declared;
    last = { signature: now, declared: allOf(files.map((file) => readAll(dir, file, stackServer))) };
    return last.declared;
  };
  return {
    signature,
    checkServers() {
      const { servers, broken } = load();
      const wrong = broken.filter((one) => !isEmptyFolder(dir, one));
      if (servers.length === 0 && wrong.length > 0) throw noServer(wrong);
    },
    read() {
      const declared = load();
      tellBroken(declared.broken, told, log);
      return declared;
    },
  };
}

const isEmptyFolder = (dir: string, { file, error }: BrokenDeclaration): boolean =>
  error.code === "GC1108" && statSync(resolve(dir, file), { throwIfNoEntry: false })?.isDirectory() === true;

function noServer(broken: readonly BrokenDeclaration[]): CodedError {
  const [only] = broken;
  const own = broken.length === 1 ? only?.error.remedy : undefined;
  return new CodedError("GC1101", "there is no server to plan, because no declaration can be used", {
    problems: broken.flatMap(({ error }) => (error.problems.length > 0 ? error.problems : [error.message])),
    remedy: own ?? "Correct these files, then start the service again.",
  });
}

/** Says of each broken file once what is wrong with it: file, line and column. */
function tellBroken(broken: readonly BrokenDeclaration[], told: Map<string, string>, log: Log): void {
  const now = new Map(
    broken.map(({ file, error }) => [
      file,
      error.code === "GC1108"
        ? `${error.message}; its servers are planned as soon as they are declared`
        : `${[error.message, ...error.problems].join("; ")}; the servers of this file are ignored until it is corrected`,
    ]),
  );
  for (const file of told.keys()) if (!now.has(file)) told.delete(file);
  for (const [file, text] of now) {
    if (told.get(file) !== text) log.warn(text);
    told.set(file, text);
  }
}

/** A name that two of them have belongs to neither. */
function allOf(found: readonly Declared[]): Declared {
  const servers = found.flatMap((one) => one.servers);
  const count = new Map<string, number>();
  for (const { desired } of servers) count.set(desired.name, (count.get(desired.name) ?? 0) + 1);
  const isTwice = ({ desired }: DeclaredServer) => (count.get(desired.name) ?? 0) > 1;
  const twice = servers.filter(isTwice).map(({ file, desired: { name } }) => ({
    file,
    error: new CodedError("GC1001", `${file}: another declaration has the instance "${name}", too`),
  }));
  return {
    servers: servers.filter((one) => !isTwice(one)),
    broken: [...found.flatMap((one) => one.broken), ...twice],
  };
}

/** Returns the server as the service beside it reaches it. */
function reached(server: DeclaredServer, { url, password }: StackServer): DeclaredServer {
  const { declaration, desired } = server;
  if (desired.url !== undefined || serverKind(declaration) !== "bundled" || declaration.admin === undefined) {
    return server;
  }
  return {
    ...server,
    desired: { ...desired, url },
    declaration: { ...declaration, admin: { ...declaration.admin, password } },
  };
}

function readAll(dir: string, file: string, stackServer: StackServer | undefined): Declared {
  try {
    const { servers, broken } = usableServers(dir, file);
    return { servers: stackServer ? servers.map((one) => reached(one, stackServer)) : servers, broken };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { servers: [], broken: [{ file, error }] };
  }
}

/** A mounted ConfigMap changes by a link, so what the paths lead to is compared. */
function signatureOf(path: string): string {
  const one = (name: string) => {
    const stat = statSync(name, { throwIfNoEntry: false });
    return stat === undefined ? `${name} absent` : `${name} ${stat.ino} ${stat.mtimeMs} ${stat.size}`;
  };
  try {
    return readdirSync(path)
      .toSorted()
      .map((name) => one(join(path, name)))
      .join("\n");
  } catch {
    return one(path);
  }
}

/** Returns the servers of these names, all without a name. Throws GC1001 for a name that is not registered. */
export function chosenServers({ servers, broken }: Declared, names: readonly string[]): DeclaredServer[] {
  if (names.length === 0) return [...servers];
  const byName = new Map(servers.map((one) => [one.desired.name, one]));
  const unknown = names.filter((name) => !byName.has(name));
  if (unknown.length === 0) return [...new Set(names)].flatMap((name) => byName.get(name) ?? []);
  const known = [...byName.keys()];
  throw new CodedError("GC1001", "not all of these servers are registered", {
    problems: [
      ...unknown.map((name) => `no server is called ${name}${didYouMean(name, known)}`),
      ...broken.map(({ file, error }) => `${file} cannot be used: ${[error.message, ...error.problems].join("; ")}`),
    ],
    remedy: "See GET /api/v1/servers.",
  });
}
