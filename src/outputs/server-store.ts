import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { explainWriteError, readIfThere, writeAll } from "../base/files.ts";
import { type Identity, identityOf } from "../glitchtip/identity.ts";
import type { KnownServer } from "../reconcile/index.ts";

/** One line of the file: what a name of the declaration stands for. The later of two lines counts. */
const entryShape = z.object({
  organization: z.string(),
  project: z.optional(z.string()),
  team: z.optional(z.string()),
  statusPage: z.optional(z.string()),
  id: z.string(),
  slug: z.optional(z.string()),
  dateCreated: z.optional(z.string()),
});

type Entry = z.infer<typeof entryShape>;

/** What earlier runs found or made on one server. */
export interface ServerStore {
  readonly known: KnownServer;
  /** Replaces all that was known by what a plan has found. */
  replace(known: KnownServer): void;
  setOrganization(name: string, identity: Identity): void;
  setProject(organization: string, key: string, identity: Identity): void;
  setTeam(organization: string, slug: string, id: string): void;
  setStatusPage(organization: string, name: string): void;
}

/** Returns the path of the store of one server in a workspace. */
export const serverStorePath = (dir: string, instance: string): string =>
  join(dir, ".glitchtip", "servers", `${encodeURIComponent(instance)}.jsonl`);

/**
 * Opens the store. Every change is in the file when the call returns, as one more line, so that a thousand creates write
 * a thousand lines. A line that a kill cut is ignored; what it said is found on the server again.
 */
export function openServerStore(path: string): ServerStore {
  let text = readIfThere(path) ?? "";
  let held = holding(text.split("\n").flatMap((line) => read(line) ?? []));
  let hasFolder = false;
  const makeFolder = () => {
    if (!hasFolder) makeIgnoredFolder(dirname(path));
    hasFolder = true;
  };
  const append = (entry: Entry) => {
    hold(held, entry);
    try {
      makeFolder();
      // A last line that was cut must not join this one.
      const line = `${text === "" || text.endsWith("\n") ? "" : "\n"}${JSON.stringify(entry)}\n`;
      appendFileSync(path, line, { mode: 0o600 });
      text = line;
    } catch (error) {
      throw explainWriteError(error, path);
    }
  };
  return {
    get known() {
      return knownOf(held);
    },
    replace(known) {
      const entries = entriesOf(known);
      const content = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
      held = holding(entries);
      if (content === (readIfThere(path) ?? "")) return;
      makeFolder();
      writeAll([{ path, content, mode: 0o600, durable: false }]);
      text = content;
    },
    ...setters(append),
  };
}

/** Opens a store in memory, for a process that keeps `known` elsewhere. */
export function openMemoryStore(known: KnownServer): ServerStore {
  let held = holding(entriesOf(known));
  return {
    get known() {
      return knownOf(held);
    },
    replace(found) {
      held = holding(entriesOf(found));
    },
    ...setters((entry) => hold(held, entry)),
  };
}

const setters = (append: (entry: Entry) => void): Omit<ServerStore, "known" | "replace"> => ({
  setOrganization: (organization, identity) => append({ organization, ...identityOf(identity) }),
  setProject: (organization, project, identity) => append({ organization, project, ...identityOf(identity) }),
  setTeam: (organization, team, id) => append({ organization, team, id }),
  setStatusPage: (organization, statusPage) => append({ organization, statusPage, id: "" }),
});

function knownOf(held: ReadonlyMap<string, Held>): KnownServer {
  const organizations = [...held].map(([name, { identity, projects, teams, statusPages }]) => {
    const pages = statusPages.size === 0 ? {} : { statusPages: [...statusPages] };
    const within = { projects: Object.fromEntries(projects), teams: Object.fromEntries(teams), ...pages };
    return [name, { ...identity, ...within }] as const;
  });
  return { organizations: Object.fromEntries(organizations) };
}

/** Makes a folder that git ignores, also in a workspace without a stack: ids differ between servers and between copies of one. */
function makeIgnoredFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const path = join(folder, ".gitignore");
  if (!existsSync(path)) writeAll([{ path, content: "*\n", mode: 0o644, durable: false }]);
}

interface Held {
  identity: Identity;
  readonly projects: Map<string, Identity>;
  readonly teams: Map<string, string>;
  readonly statusPages: Set<string>;
}

function holding(entries: readonly Entry[]): Map<string, Held> {
  const all = new Map<string, Held>();
  for (const entry of entries) hold(all, entry);
  return all;
}

function hold(all: Map<string, Held>, entry: Entry): void {
  const { organization, project, team, statusPage, id, slug = "", dateCreated = "" } = entry;
  const held = all.get(organization) ?? {
    identity: { id: "", slug: "", dateCreated: "" },
    projects: new Map(),
    teams: new Map(),
    statusPages: new Set(),
  };
  all.set(organization, held);
  if (statusPage !== undefined) held.statusPages.add(statusPage);
  else if (team !== undefined) held.teams.set(team, id);
  else if (project !== undefined) held.projects.set(project, { id, slug, dateCreated });
  else held.identity = { id, slug, dateCreated };
}

function entriesOf({ organizations }: KnownServer): Entry[] {
  return Object.entries(organizations).flatMap(
    ([organization, { projects, teams, statusPages, id, slug, dateCreated }]) => [
      { organization, id, slug, dateCreated },
      ...Object.entries(projects).map(([project, identity]) => ({ organization, project, ...identityOf(identity) })),
      ...Object.entries(teams).map(([team, teamId]) => ({ organization, team, id: teamId })),
      ...(statusPages ?? []).map((statusPage) => ({ organization, statusPage, id: "" })),
    ],
  );
}

function read(line: string): Entry | undefined {
  try {
    const result = entryShape.safeParse(JSON.parse(line));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
