import { defined } from "../base/defined.ts";
import { resolvedFolderUses } from "./folder-uses.ts";
import { interpolate, type Variables } from "./interpolate.ts";
import { namesByPart, type TextOrWords, type UserProject, type UserService } from "./model.ts";
import { portsIn } from "./ports.ts";
import { labelsIn, networksIn, orDefault } from "./service-facts.ts";
import { shellWords } from "./shell-words.ts";
import { asMap } from "./yaml.ts";

/**
 * Returns what was read from the user's files, corrected by `docker compose config --format json` with every profile on.
 * Only an entrypoint is kept as the file states it: Compose has filled in the variables of this moment, maybe a secret.
 */
export function correctedBy(config: unknown, user: UserProject, variables: Variables): UserProject {
  const { services, name, ...top } = asMap(config);
  const read = Object.entries(asMap(services)).map(([service, value]) => {
    const own = Object.hasOwn(user.services, service) ? user.services[service] : undefined;
    return [service, serviceFrom(asMap(value), own, variables)] as const;
  });
  const names = namesByPart((part) => {
    const resolved = part === "services" ? read.map(([service]) => service) : Object.keys(asMap(top[part]));
    return [...new Set([...user.names[part], ...resolved.filter((one) => part !== "networks" || one !== "default")])];
  });
  const isStated = ([key, network]: [string, { readonly name?: string }]) => network.name !== `${name}_${key}`;
  const networks = Object.entries(networksIn(top.networks, (text) => text)).filter(isStated);
  return {
    ...(typeof name === "string" ? { name } : {}),
    services: Object.fromEntries(read),
    names,
    ...(networks.length > 0 && { networks: Object.fromEntries(networks) }),
  };
}

function serviceFrom(
  service: ReturnType<typeof asMap>,
  read: UserService | undefined,
  variables: Variables,
): UserService {
  const text = (key: string) => {
    const value = service[key];
    return typeof value === "string" ? value : undefined;
  };
  const words = (key: string) => (Array.isArray(service[key]) ? service[key].map(String) : undefined);
  const [entrypoint, command] = [words("entrypoint"), words("command")];
  const [ports, profiles] = [portsIn(service.ports, {}), words("profiles") ?? []];
  const labels = labelsIn(service.labels, {});
  const folders = resolvedFolderUses(service);
  return {
    ...defined({
      image: text("image"),
      platform: text("platform"),
      built: service.build === undefined ? undefined : (true as const),
      provider: service.provider === undefined ? undefined : (true as const),
      entrypoint: entrypoint && asStated(entrypoint, read?.entrypoint, variables),
      command: command && asStated(command, read?.command, variables),
      networkMode: text("network_mode"),
    }),
    networks: orDefault(Object.keys(asMap(service.networks))),
    readOnly: service.read_only === true,
    environment: Object.keys(asMap(service.environment)),
    // Compose has replaced them by their variables.
    envFiles: read?.envFiles ?? [],
    ...(ports.length > 0 && { ports }),
    ...(profiles.length > 0 && { profiles }),
    ...(labels.length > 0 && { labels }),
    ...(folders.length > 0 && { folders }),
  };
}

/** Returns the file's own words where they mean what Compose found, so that their variables stay variables. */
function asStated(found: readonly string[], stated: TextOrWords | undefined, variables: Variables): TextOrWords {
  if (stated === undefined) return found;
  const filled = (text: string) => interpolate(text, variables);
  const words = typeof stated === "string" ? shellWords(filled(stated)) : stated.map(filled);
  const same =
    words === undefined || JSON.stringify(words) === JSON.stringify(found.map((word) => interpolate(word, {})));
  return same ? stated : found;
}
