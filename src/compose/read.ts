import { isAbsolute, join, posix } from "node:path";
import { checkOrder, checkShape } from "./checks.ts";
import { escaped, interpolate, type Variables } from "./interpolate.ts";
import { NAMED_PARTS, type NamedPart, namesByPart, type UserNetwork, type UserProject } from "./model.ts";
import { combined, type FileScope, networksIn, type Stated, serviceFrom, statedIn } from "./service-facts.ts";
import { asMap, parseComposeYaml, Tagged, unreadable, type YamlMap } from "./yaml.ts";

export interface UserComposeFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
  /** Whether it comes after the stack's file, so that it may change the stack's services. */
  readonly afterStack?: boolean;
}

export interface Surroundings {
  readonly variables?: Variables;
  /** Returns a file that `include` or `extends` names, by its path from the workspace; undefined where there is none. */
  read?(path: string): string | undefined;
  /** The variables of a .env file. */
  parseEnv?(text: string): Readonly<Record<string, string>>;
}

type Names = Record<NamedPart, Set<string>>;

/** The folder that relative paths start from, and the variables there. */
interface Base {
  readonly folder: string;
  readonly variables: Variables;
  /** Variables that only an included project has: the stack's file does not see them, so they are filled in here. */
  readonly own?: Variables;
}

interface Read {
  services: Record<string, Stated>;
  names: Names;
  networks: Record<string, UserNetwork>;
  name?: string;
}

/** Reads and merges the user's Compose files as Compose does: in order, with what they include and extend. */
export function readUserCompose(files: readonly UserComposeFile[], surroundings: Surroundings = {}): UserProject {
  const { variables = {} } = surroundings;
  const reader = new Reader(surroundings);
  const { services, names, networks, name } = reader.project(files, { folder: "", variables }, []);
  checkOrder(services, files[0]?.path ?? "the Compose file", reader.elsewhere.length === 0);
  return {
    ...(name === undefined ? {} : { name: interpolate(name, variables) }),
    services: Object.fromEntries(
      Object.entries(services).map(([service, stated]) => {
        const elsewhere = reader.extending.get(service);
        return [service, { ...serviceFrom(stated), ...(elsewhere === undefined ? {} : { elsewhere }) }];
      }),
    ),
    ...(reader.elsewhere.length === 0 ? {} : { elsewhere: reader.elsewhere }),
    names: namesByPart((part) => [...names[part]]),
    ...(Object.keys(networks).length > 0 && { networks }),
  };
}

const namesIn = (file: YamlMap): Names => namesByPart((part) => new Set(Object.keys(asMap(file[part]))));

class Reader {
  readonly surroundings: Surroundings;
  readonly parsed = new Map<string, YamlMap[]>();
  /** "FILE includes ADDRESS", for what only Compose can read. */
  readonly elsewhere: string[] = [];
  /** The same by service, for those that extend a service from there. */
  readonly extending = new Map<string, string>();

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  project(files: readonly UserComposeFile[], base: Base, through: readonly string[]): Read {
    const result: Read = { services: {}, names: namesIn({}), networks: {} };
    for (const { path, text, afterStack = false } of files) {
      if (through.includes(path)) throw unreadable(path, `include goes in a circle: ${[...through, path].join(" → ")}`);
      for (const file of this.parse(path, text)) {
        for (const entry of listOf(file.include)) add(result, this.include(entry, base, [...through, path]));
        const stated = this.stated(file, path, base);
        add(result, afterStack ? { ...stated, names: namesIn({}), networks: {} } : stated);
      }
    }
    return result;
  }

  private parse(path: string, text: string): YamlMap[] {
    const known = this.parsed.get(path) ?? parseComposeYaml(path, text);
    this.parsed.set(path, known);
    return known;
  }

  private stated(file: YamlMap, path: string, base: Base): Read {
    checkShape(file, path);
    const services = asMap(file.services);
    return {
      services: Object.fromEntries(
        Object.entries(services).map(([name, value]) => {
          const before = this.elsewhere.length;
          const stated = this.service(asMap(value), services, path, base, []);
          for (const what of this.elsewhere.slice(before)) this.extending.set(name, what);
          return [name, stated];
        }),
      ),
      names: namesIn(file),
      networks: networksIn(file.networks, (text) => interpolate(text, base.variables)),
      ...(typeof file.name === "string" ? { name: file.name } : {}),
    };
  }

  /** Returns what a service states, merged over the service that it extends. */
  private service(service: YamlMap, siblings: YamlMap, path: string, base: Base, through: readonly string[]): Stated {
    const own = statedIn(literal(service, base), scopeOf(base));
    const { extends: from } = service;
    if (from === undefined || from === null || from instanceof Tagged) return own;
    const text = (value: unknown) => (typeof value === "string" ? interpolate(value, base.variables) : undefined);
    const name = text(from) ?? text(asMap(from).service) ?? "";
    const file = text(asMap(from).file);
    if (file !== undefined && isRemote(file)) {
      this.elsewhere.push(`${path} extends ${file}`);
      return own;
    }
    const other = file === undefined ? path : inFolder(base.folder, file);
    const step = `${name} in ${other}`;
    if (through.includes(step)) throw unreadable(path, `extends goes in a circle: ${[...through, step].join(" → ")}`);
    const otherBase = file === undefined ? base : { ...base, folder: posix.dirname(other).replace(/^\.$/, "") };
    const services = file === undefined ? siblings : this.servicesOf(other, path);
    if (!Object.hasOwn(services, name)) throw unreadable(path, `extends: ${other} has no service "${name}"`);
    return combined(this.service(asMap(services[name]), services, other, otherBase, [...through, step]), own);
  }

  /** Returns the services of a file that `extends` names. */
  private servicesOf(path: string, from: string): YamlMap {
    const documents = this.parse(path, this.text(path, from, "extends"));
    return Object.fromEntries(documents.flatMap(({ services }) => Object.entries(asMap(services))));
  }

  private text(path: string, from: string, key: string): string {
    const text = this.surroundings.read?.(path);
    if (text === undefined) throw unreadable(from, `${key} names ${path}, which is not there`);
    return text;
  }

  /** Reads what `include` names: a path, or {path, project_directory, env_file} with a folder and .env of its own. */
  private include(entry: unknown, base: Base, through: readonly string[]): Read {
    const from = through.at(-1) ?? "";
    const {
      path,
      project_directory: folder,
      env_file: envFile,
    } = typeof entry === "string" ? { path: entry } : asMap(entry);
    const text = (value: unknown) => interpolate(String(value), base.variables);
    const paths = listOf(path).map(text);
    if (paths.some(isRemote)) {
      this.elsewhere.push(`${from} includes ${paths.join(", ")}`);
      return this.project([], base, []);
    }
    const files = paths.map((file) => inFolder(base.folder, file));
    const inside = typeof folder === "string" ? inFolder(base.folder, text(folder)) : posix.dirname(files[0] ?? "");
    const own = Object.assign({}, ...this.envFiles(envFile, inside, base).map((file) => this.env(file)));
    return this.project(
      files.map((file) => ({ path: file, text: this.text(file, from, "include") })),
      { folder: inside === "." ? "" : inside, variables: { ...own, ...base.variables }, own: { ...base.own, ...own } },
      through,
    );
  }

  private envFiles(stated: unknown, inside: string, base: Base): string[] {
    const paths = listOf(stated).map((file) => inFolder(base.folder, interpolate(String(file), base.variables)));
    if (paths.length > 0) return paths;
    // The .env of the project itself is in its variables already.
    return inside === "." || inside === base.folder ? [] : [inFolder(inside, ".env")];
  }

  private env(path: string): Readonly<Record<string, string>> {
    const text = this.surroundings.read?.(path);
    return text === undefined ? {} : (this.surroundings.parseEnv?.(text) ?? {});
  }
}

const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

const isRemote = (path: string): boolean => /^[a-z+]+:\/\/|^git@|^github\.com\//.test(path);

const inFolder = (folder: string, path: string): string =>
  isAbsolute(path) ? path : posix.normalize(join(folder, path));

const scopeOf = ({ folder, variables }: Base): FileScope => ({ path: (path) => inFolder(folder, path), variables });

/** Fills in the variables of entrypoint and command that only an included project has. */
function literal(service: YamlMap, { own, variables }: Base): YamlMap {
  if (own === undefined || Object.keys(own).length === 0) return service;
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    return typeof value === "string" ? escaped(interpolate(value, variables)) : value;
  };
  return { ...service, ...("entrypoint" in service ? { entrypoint: fill(service.entrypoint) } : {}) };
}

function add(to: Read, more: Read): void {
  for (const [name, stated] of Object.entries(more.services)) to.services[name] = combined(to.services[name], stated);
  for (const part of NAMED_PARTS) for (const name of more.names[part]) to.names[part].add(name);
  Object.assign(to.networks, more.networks);
  if (more.name !== undefined) to.name = more.name;
}
