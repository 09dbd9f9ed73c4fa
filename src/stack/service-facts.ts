import { asMap, Tagged, type YamlMap } from "./compose-yaml.ts";
import { interpolate, type Variables } from "./interpolate.ts";
import type { UserService } from "./model.ts";
import type { TextOrWords } from "./shell-words.ts";

/** What one place in one file states of a service: as much as we look for. */
export type Stated = Readonly<Partial<Record<Field, unknown>>>;

/** Relative paths become relative to the project; variables are filled in, except where Compose shall do it later. */
export interface Place {
  path(relative: string): string;
  readonly variables: Variables;
}

interface FieldOf {
  readonly key: string;
  /** Undefined says nothing, so an earlier statement stays. */
  read(value: unknown, place: Place): unknown;
  /** Adds to what was stated before; else the later one replaces it. */
  readonly adds?: boolean;
  /** `key:` without a value takes an earlier one away. */
  readonly clears?: boolean;
}

const FIELDS = {
  image: { key: "image", read: text },
  platform: { key: "platform", read: text },
  built: { key: "build", read: (value) => (value === null ? undefined : true) },
  provider: { key: "provider", read: (value) => (value === null ? undefined : true) },
  entrypoint: { key: "entrypoint", read: words, clears: true },
  command: { key: "command", read: words, clears: true },
  networkMode: { key: "network_mode", read: text },
  readOnly: { key: "read_only", read: (value, place) => /^(true|yes|on|y|1)$/i.test(text(value, place) ?? "") },
  networks: { key: "networks", read: names, adds: true },
  environment: { key: "environment", read: names, adds: true },
  dependsOn: { key: "depends_on", read: names, adds: true },
  links: {
    key: "links",
    read: (value, place) => names(value, place).map((link) => link.replace(/:.*$/s, "")),
    adds: true,
  },
  envFiles: { key: "env_file", read: envFiles, adds: true },
} as const satisfies Record<string, FieldOf>;
type Field = keyof typeof FIELDS;

export function statedIn(service: YamlMap, place: Place): Stated {
  const stated: Partial<Record<Field, unknown>> = {};
  for (const [field, { key, read, ...how }] of Object.entries(FIELDS) as [Field, FieldOf][]) {
    if (!Object.hasOwn(service, key)) continue;
    const value = service[key];
    if (value instanceof Tagged) {
      stated[field] = new Tagged(value.value === undefined ? undefined : read(value.value, place));
    } else if (value === null && how.clears === true) {
      stated[field] = new Tagged(undefined);
    } else {
      stated[field] = value === null && key !== "build" ? undefined : read(value, place);
    }
  }
  return stated;
}

/** Compose's merge of two statements on one service, the later one second. */
export function combined(before: Stated | undefined, after: Stated): Stated {
  const result: Partial<Record<Field, unknown>> = { ...before };
  for (const [field, value] of Object.entries(after) as [Field, unknown][]) {
    if (value === undefined) continue;
    const how: FieldOf = FIELDS[field];
    const base = result[field];
    if (value instanceof Tagged || base instanceof Tagged) result[field] = value;
    else result[field] = how.adds === true && Array.isArray(base) ? [...base, ...(value as unknown[])] : value;
  }
  return result;
}

const plain = (value: unknown): unknown => (value instanceof Tagged ? value.value : value);

/** The facts about a service once all files have spoken. */
export function serviceFrom(stated: Stated): UserService {
  const field = (name: Field) => plain(stated[name]);
  const list = (name: Field) => [...new Set((field(name) as string[] | undefined) ?? [])];
  const stating = <K extends keyof UserService>(name: K & Field): Partial<UserService> =>
    field(name) === undefined ? {} : ({ [name]: field(name) } as Partial<UserService>);
  const readOnly = field("readOnly") === true;
  return {
    ...stating("image"),
    ...stating("platform"),
    ...stating("built"),
    ...stating("provider"),
    ...stating("entrypoint"),
    ...stating("command"),
    ...stating("networkMode"),
    hasNetworks: namesOther(list("networks")),
    readOnly,
    environment: list("environment"),
    envFiles: list("envFiles"),
  };
}

/** A service that states only `default` is where one is that states nothing. */
export const namesOther = (networks: readonly string[]): boolean => networks.some((name) => name !== "default");

/** Services that have to be there before this one. */
export function waitsFor(stated: Stated): string[] {
  const mode = String(plain(stated.networkMode) ?? "");
  return [
    ...((plain(stated.dependsOn) as string[] | undefined) ?? []),
    ...((plain(stated.links) as string[] | undefined) ?? []),
    ...(mode.startsWith("service:") ? [mode.slice("service:".length)] : []),
  ];
}

function text(value: unknown, { variables }: Place): string | undefined {
  return value === undefined || value === null || typeof value === "object"
    ? undefined
    : interpolate(String(value), variables);
}

function words(value: unknown): TextOrWords | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** Of a map, or of a list of `NAME` and `NAME=value`. */
function names(value: unknown, { variables }: Place): string[] {
  const stated = Array.isArray(value)
    ? value.map((item) => String(item).replace(/=.*$/s, ""))
    : Object.entries(asMap(value)).flatMap(([name, item]) =>
        item instanceof Tagged && item.value === undefined ? [] : [name],
      );
  return stated.map((name) => interpolate(name, variables));
}

/** One path, a list of paths, or a list of {path, required}. */
function envFiles(value: unknown, place: Place): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((item) => {
    const path = typeof item === "string" ? item : asMap(item).path;
    return typeof path === "string" ? [place.path(interpolate(path, place.variables))] : [];
  });
}
