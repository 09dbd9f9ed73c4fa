import { basename, dirname, parse, resolve } from "node:path";
import { readIfThere } from "../../base/files.ts";
import { writeUserFile } from "../../base/user-file.ts";
import type { KnownServer } from "../../reconcile/index.ts";
import { declarationOf, importedInstanceName, knownOf, remember } from "./form.ts";
import type { Imported, Left, SecretToSet } from "./imported.ts";
import { merge } from "./merge.ts";
import type { TerraformOptions } from "./terraform/index.ts";
import { belowAlias, contradiction, declaredIn, editedText, newText, shown } from "./text.ts";

export const IMPORT_KINDS = ["app-interface", "terraform"] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

export interface ImportOptions extends TerraformOptions {
  readonly kind: ImportKind;
  /** The path of the folder or file, relative to the working directory. */
  readonly path: string;
  /** The path of the declaration. */
  readonly file: string;
  readonly dryRun: boolean;
  /** Which side wins where the declaration and the import differ; undefined: a difference is an error. */
  readonly prefer?: "mine" | "imported" | undefined;
  readonly instance?: string | undefined;
}

export interface ImportResult {
  readonly file: string;
  readonly created: boolean;
  readonly changed: boolean;
  readonly dryRun: boolean;
  /** The declaration's text after the command, or after it without --dry-run. */
  readonly text: string;
  /** Paths of what was added, replaced or kept. */
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  readonly kept: readonly string[];
  readonly organizations: number;
  readonly projects: number;
  /** Identities by instance, stored in .glitchtip/servers so that the objects are found again and not created twice. */
  readonly ids: Readonly<Record<string, KnownServer>>;
  readonly secrets: readonly SecretToSet[];
  readonly left: readonly Left[];
  readonly notes: readonly string[];
}

/** Imports another tool's files into the declaration. It validates the result before writing, and sends no request. */
export async function importInto(dir: string, options: ImportOptions): Promise<ImportResult> {
  const { kind, file, dryRun, prefer } = options;
  const source = options.piped === undefined ? resolve(dir, options.path) : "the input";
  const imported = await read(kind, source, options);
  const path = resolve(dir, file);
  const before = readIfThere(path);
  const { text, differences, added } = joined(imported, before, file, `${kind} ${basename(source)}`, prefer);
  if (differences.length > 0 && prefer === undefined) throw contradiction(file, differences);
  const { loadServers } = await import("../../config/load.ts");
  loadServers(text, file);
  const changed = text !== before;
  const declared = declaredIn(text, file);
  const ids = Object.fromEntries(
    imported.servers.map((server) => [
      declared.servers === undefined
        ? String(declared.name ?? parse(file).name)
        : importedInstanceName(server, declared),
      knownOf(server),
    ]),
  );
  if (!dryRun) {
    for (const [instance, known] of Object.entries(ids)) remember(dirname(path), instance, known);
    if (changed) writeUserFile(path, text);
  }
  const paths = differences.map((one) => shown(one.path));
  return {
    file,
    created: before === undefined,
    changed,
    dryRun,
    text,
    added,
    replaced: prefer === "imported" ? paths : [],
    kept: prefer === "mine" ? paths : [],
    organizations: imported.servers.reduce((sum, { organizations }) => sum + organizations.length, 0),
    projects: imported.servers
      .flatMap(({ organizations }) => organizations)
      .reduce((sum, { projects }) => sum + projects.length, 0),
    ids,
    secrets: imported.secrets,
    left: imported.left,
    notes: imported.notes,
  };
}

async function read(kind: ImportKind, path: string, options: ImportOptions): Promise<Imported> {
  if (kind === "app-interface") return (await import("./app-interface/index.ts")).importAppInterface(path, options);
  return (await import("./terraform/index.ts")).importTerraform(path, options);
}

function joined(
  imported: Imported,
  before: string | undefined,
  file: string,
  from: string,
  prefer: ImportOptions["prefer"],
) {
  if (before === undefined) {
    return { text: newText(declarationOf(imported), from), differences: [], added: [] };
  }
  const mine = declaredIn(before, file);
  const { additions, differences } = merge(mine, declarationOf(imported, mine));
  const text = editedText(before, prefer === "imported" ? [...additions, ...differences] : additions);
  const paths = additions.map(({ path }) => shown(path));
  if (text !== undefined) return { text, differences, added: paths };
  throw belowAlias(file, [...paths, ...differences.map(({ path }) => shown(path))]);
}
