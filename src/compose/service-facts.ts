import { defined } from "../base/defined.ts";
import { contextsIn, type FolderScope, type FolderUse, mountsIn, watchesIn } from "./folder-uses.ts";
import { interpolate, type Variables } from "./interpolate.ts";
import type { ComposePort, TextOrWords, UserNetwork, UserService } from "./model.ts";
import { portsIn } from "./ports.ts";
import { asMap, Tagged, type YamlMap } from "./yaml.ts";

/** What the generator has to know of a service. */
interface Facts {
  image: string;
  platform: string;
  built: true;
  provider: true;
  entrypoint: TextOrWords;
  command: TextOrWords;
  networkMode: string;
  readOnly: boolean;
  networks: readonly string[];
  environment: readonly string[];
  dependsOn: readonly string[];
  links: readonly string[];
  envFiles: readonly string[];
  ports: readonly ComposePort[];
  profiles: readonly string[];
  labels: readonly string[];
  contexts: readonly FolderUse[];
  mounts: readonly FolderUse[];
  watches: readonly FolderUse[];
}
type Field = keyof Facts;

/** What files state of a service. */
export type Stated = { readonly [F in Field]?: Facts[F] | Tagged<Facts[F]> | undefined };

/** How paths and variables of a file are resolved. Variables of entrypoint and command are left to Compose. */
export interface FileScope {
  /** Returns a path relative to the workspace. */
  path(relative: string): string;
  readonly variables: Variables;
}

interface FieldReader<T> {
  readonly key: string;
  /** Returns undefined where an earlier statement stays. */
  read(value: unknown, scope: FileScope): T | undefined;
  /** Whether `key:` without a value removes an earlier statement. */
  readonly clears?: boolean;
}

const FIELDS: { readonly [F in Field]: FieldReader<Facts[F]> } = {
  image: { key: "image", read: text },
  platform: { key: "platform", read: text },
  built: { key: "build", read: () => true },
  provider: { key: "provider", read: () => true },
  entrypoint: { key: "entrypoint", read: words, clears: true },
  command: { key: "command", read: words, clears: true },
  networkMode: { key: "network_mode", read: text },
  readOnly: { key: "read_only", read: (value, scope) => /^(true|yes|on|y|1)$/i.test(text(value, scope) ?? "") },
  networks: { key: "networks", read: names },
  environment: { key: "environment", read: names },
  dependsOn: { key: "depends_on", read: names },
  links: { key: "links", read: (value, scope) => names(value, scope).map((link) => link.replace(/:.*$/s, "")) },
  envFiles: { key: "env_file", read: envFiles },
  ports: { key: "ports", read: (value, { variables }) => portsIn(value, variables) },
  profiles: { key: "profiles", read: names },
  labels: { key: "labels", read: (value, { variables }) => labelsIn(value, variables) },
  contexts: { key: "build", read: (value, scope) => contextsIn(value, folderScope(scope)) },
  mounts: { key: "volumes", read: (value, scope) => mountsIn(value, folderScope(scope)) },
  watches: { key: "develop", read: (value, scope) => watchesIn(value, folderScope(scope)) },
};
const FIELD_NAMES = Object.keys(FIELDS) as Field[];

/** Returns what a file states of a service. */
export function statedIn(service: YamlMap, scope: FileScope): Stated {
  const stated: Stated = {};
  for (const field of FIELD_NAMES) {
    const { key } = FIELDS[field];
    if (Object.hasOwn(service, key))
      Object.assign(stated, { [field]: statementOf(FIELDS[field], service[key], scope) });
  }
  return stated;
}

function statementOf({ read, clears }: FieldReader<unknown>, value: unknown, scope: FileScope): unknown {
  if (value instanceof Tagged) return new Tagged(value.value === undefined ? undefined : read(value.value, scope));
  if (value === null) return clears === true ? new Tagged(undefined) : undefined;
  return read(value, scope);
}

/** Merges two statements on one service as Compose does: lists are joined, anything else is replaced. */
export function combined(before: Stated = {}, after: Stated): Stated {
  const result: Stated = { ...before };
  for (const field of FIELD_NAMES) {
    const [base, value] = [before[field], after[field]];
    if (value === undefined) continue;
    const joins = Array.isArray(base) && Array.isArray(value) && !REPLACED_FIELDS.has(field);
    Object.assign(result, { [field]: joins ? [...base, ...value] : value });
  }
  return result;
}

/** Lists that a later statement replaces. */
const REPLACED_FIELDS: ReadonlySet<Field> = new Set(["entrypoint", "command", "contexts"]);

const folderScope = ({ path, variables }: FileScope): FolderScope => ({
  path,
  fill: (text) => interpolate(text, variables),
});

const plain = <T>(value: T | Tagged<T> | undefined): T | undefined => (value instanceof Tagged ? value.value : value);

/** Returns a service from all that the files state of it. */
export function serviceFrom(stated: Stated): UserService {
  const [ports = [], profiles = [], labels = []] = [plain(stated.ports), plain(stated.profiles), plain(stated.labels)];
  const folders = [stated.contexts, stated.mounts, stated.watches].flatMap(
    (uses) => plain<readonly FolderUse[]>(uses) ?? [],
  );
  return {
    ...defined({
      image: plain(stated.image),
      platform: plain(stated.platform),
      built: plain(stated.built),
      provider: plain(stated.provider),
      entrypoint: plain(stated.entrypoint),
      command: plain(stated.command),
      networkMode: plain(stated.networkMode),
    }),
    networks: orDefault(plain(stated.networks) ?? []),
    readOnly: plain(stated.readOnly) === true,
    environment: [...new Set(plain(stated.environment))],
    envFiles: [...new Set(plain(stated.envFiles))],
    ...(ports.length > 0 && { ports }),
    ...(profiles.length > 0 && { profiles }),
    ...(labels.length > 0 && { labels }),
    ...(folders.length > 0 && { folders }),
  };
}

/** Returns the networks of a service that states these. */
export const orDefault = (networks: readonly string[]): readonly string[] =>
  networks.length === 0 ? ["default"] : [...new Set(networks)];

/** Returns what the networks at the top of a file state: a name on the engine, or that somebody else makes them. */
export function networksIn(stated: unknown, fill: (text: string) => string): Record<string, UserNetwork> {
  const found = Object.entries(asMap(stated)).flatMap(([key, value]): [string, UserNetwork][] => {
    const { name, external } = asMap(value);
    const isExternal = external === true || typeof asMap(external).name === "string";
    const text = name ?? asMap(external).name ?? (isExternal ? key : undefined);
    if (typeof text !== "string") return [];
    return [[key, { name: fill(text), ...(isExternal && { external: true }) }]];
  });
  return Object.fromEntries(found);
}

/** Returns the services that Compose starts before this one. */
export function waitsFor(stated: Stated): string[] {
  const mode = plain(stated.networkMode) ?? "";
  return [
    ...(plain(stated.dependsOn) ?? []),
    ...(plain(stated.links) ?? []),
    ...(mode.startsWith("service:") ? [mode.slice("service:".length)] : []),
  ];
}

function text(value: unknown, { variables }: FileScope): string | undefined {
  return value === undefined || value === null || typeof value === "object"
    ? undefined
    : interpolate(String(value), variables);
}

function words(value: unknown): TextOrWords | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** Returns the names of a map, or of a list of `NAME` and `NAME=value`. */
function names(value: unknown, { variables }: FileScope): string[] {
  const stated = Array.isArray(value)
    ? value.map((item) => String(item).replace(/=.*$/s, ""))
    : Object.entries(asMap(value)).flatMap(([name, item]) =>
        item instanceof Tagged && item.value === undefined ? [] : [name],
      );
  return stated.map((name) => interpolate(name, variables));
}

/** Returns the labels of a map, or of a list of `NAME=value` or `NAME`, as a list of `NAME=value`. */
export function labelsIn(value: unknown, variables: Variables): string[] {
  const stated = Array.isArray(value)
    ? value.map((label) => (String(label).includes("=") ? String(label) : `${label}=`))
    : Object.entries(asMap(value)).map(([name, item]) => `${name}=${item ?? ""}`);
  return stated.map((label) => interpolate(label, variables));
}

/** Reads one path, a list of paths, or a list of {path, required}. */
function envFiles(value: unknown, scope: FileScope): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((item) => {
    const path = typeof item === "string" ? item : asMap(item).path;
    return typeof path === "string" ? [scope.path(interpolate(path, scope.variables))] : [];
  });
}
