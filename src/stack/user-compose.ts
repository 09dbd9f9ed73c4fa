import { parse } from "yaml";
import { CodedError } from "../base/errors.ts";
import type { UserProject, UserService } from "./model.ts";
import type { TextOrWords } from "./shell-words.ts";

type Map = Readonly<Record<string, unknown>>;

const asMap = (value: unknown): Map =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Map) : {};

export interface UserComposeFile {
  readonly path: string;
  readonly text: string;
  /** Then it may change our services: that is what it is for. */
  readonly afterOurs?: boolean;
}

/** Reads the user's Compose files, in Compose's order: what a later one states wins. */
export function readUserCompose(files: readonly UserComposeFile[]): UserProject {
  const services: Record<string, UserService> = {};
  const names: UserProject["names"] = { services: [], networks: [], volumes: [], secrets: [], configs: [] };
  let name: string | undefined;
  for (const { path, text, afterOurs = false } of files) {
    const file = parseFile(path, text);
    for (const [service, value] of Object.entries(asMap(file.services))) {
      services[service] = merged(services[service], asMap(value));
    }
    for (const key of ["services", "networks", "volumes", "secrets", "configs"] as const) {
      if (!afterOurs) Object.assign(names, { [key]: [...names[key], ...Object.keys(asMap(file[key]))] });
    }
    if (typeof file.name === "string") name = file.name;
  }
  return { ...(name === undefined ? {} : { name }), services, names };
}

function parseFile(path: string, text: string): Map {
  try {
    // !reset and !override are Compose's own tags; they do not change what we look for.
    return asMap(parse(text, { merge: true, logLevel: "error" }));
  } catch (cause) {
    throw new CodedError("GC1103", `${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
      remedy: `Check it with: docker compose -f ${path} config`,
    });
  }
}

function merged(before: UserService | undefined, service: Map): UserService {
  const networks = service.networks;
  const stated = {
    image: service.image as string | undefined,
    entrypoint: words(service.entrypoint) ?? before?.entrypoint,
    command: words(service.command) ?? before?.command,
    networkMode: (service.network_mode as string | undefined) ?? before?.networkMode,
  };
  return {
    ...(Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined)) as Partial<UserService>),
    hasNetworks: before?.hasNetworks === true || (networks !== undefined && networks !== null),
    readOnly: "read_only" in service ? service.read_only === true : before?.readOnly === true,
    environment: [...(before?.environment ?? []), ...variables(service.environment)],
    envFiles: [...(before?.envFiles ?? []), ...envFiles(service.env_file)],
  };
}

const words = (value: unknown): TextOrWords | undefined => {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(String) : undefined;
};

const variables = (value: unknown): string[] =>
  Array.isArray(value) ? value.map((item) => String(item).replace(/=.*$/s, "")) : Object.keys(asMap(value));

/** One path, a list of paths, or a list of {path, required}. */
function envFiles(value: unknown): string[] {
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return list.flatMap((item) => {
    const path = typeof item === "string" ? item : asMap(item).path;
    return typeof path === "string" ? [path] : [];
  });
}
