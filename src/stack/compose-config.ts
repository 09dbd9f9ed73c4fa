import { asMap } from "./compose-yaml.ts";
import { interpolate, type Variables } from "./interpolate.ts";
import type { UserProject, UserService } from "./model.ts";
import { namesOther } from "./service-facts.ts";
import { shellWords, type TextOrWords } from "./shell-words.ts";

/**
 * Our reading, corrected by Compose's own (`docker compose config --format json`, every profile on). Only an entrypoint
 * is kept as the file states it: Compose has put in the variables of this moment, and maybe a secret.
 */
export function correctedBy(config: unknown, user: UserProject, variables: Variables): UserProject {
  const { services, name, ...top } = asMap(config);
  const read = Object.entries(asMap(services)).map(([service, value]) => {
    const ours = Object.hasOwn(user.services, service) ? user.services[service] : undefined;
    return [service, serviceFrom(asMap(value), ours, variables)] as const;
  });
  const names = Object.fromEntries(
    Object.entries(user.names).map(([kind, own]) => {
      const theirs = kind === "services" ? read.map(([service]) => service) : Object.keys(asMap(top[kind]));
      return [kind, [...new Set([...own, ...theirs.filter((one) => kind !== "networks" || one !== "default")])]];
    }),
  );
  return {
    ...(typeof name === "string" ? { name } : {}),
    services: Object.fromEntries(read),
    names: names as unknown as UserProject["names"],
  };
}

function serviceFrom(
  service: ReturnType<typeof asMap>,
  ours: UserService | undefined,
  variables: Variables,
): UserService {
  const text = (key: string) => (typeof service[key] === "string" ? (service[key] as string) : undefined);
  const words = (key: string) => (Array.isArray(service[key]) ? service[key].map(String) : undefined);
  const [entrypoint, command] = [words("entrypoint"), words("command")];
  const stated = {
    image: text("image"),
    platform: text("platform"),
    built: service.build === undefined ? undefined : true,
    provider: service.provider === undefined ? undefined : true,
    entrypoint: entrypoint && asStated(entrypoint, ours?.entrypoint, variables),
    command: command && asStated(command, ours?.command, variables),
    networkMode: text("network_mode"),
  };
  return {
    ...(Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined)) as Partial<UserService>),
    hasNetworks: namesOther(Object.keys(asMap(service.networks))),
    readOnly: service.read_only === true,
    environment: Object.keys(asMap(service.environment)),
    // Compose has read them in, so that only our reading still knows their names.
    envFiles: ours?.envFiles ?? [],
  };
}

/** The file's own words where they come to what Compose found, so that their variables stay variables. */
function asStated(found: readonly string[], stated: TextOrWords | undefined, variables: Variables): TextOrWords {
  if (stated === undefined) return found;
  const filled = (text: string) => interpolate(text, variables);
  const words = typeof stated === "string" ? shellWords(filled(stated)) : stated.map(filled);
  const same =
    words === undefined || JSON.stringify(words) === JSON.stringify(found.map((word) => interpolate(word, {})));
  return same ? stated : found;
}
