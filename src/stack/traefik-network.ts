import type { TextOrWords, UserProject, UserService } from "../compose/model.ts";
import { PROXY } from "./service-names.ts";

/** The network in which GlitchTip meets the user's Traefik. */
export interface TraefikNetwork {
  /** The key by which services join it. */
  readonly key: string;
  /** Its name on the engine, as a value in a Compose file. */
  readonly name: string;
  /** Whether the user's Compose files have it, so that ours must not declare it. */
  readonly isUsers: boolean;
  /** Whether somebody else makes it, before this Compose project can start. */
  readonly external: boolean;
}

const textOf = (words: TextOrWords = []): string => (typeof words === "string" ? words : words.join(" "));

/** Whether a service of the user's is a Traefik: by its image, by its name, or because it is told to read containers' labels. */
export const isTraefik = (name: string, { image = "", entrypoint, command, environment }: UserService): boolean =>
  name === "traefik" ||
  /(?:^|\/)traefik(?:[:@]|$)/.test(image) ||
  /--providers\.(?:docker|swarm)\b/i.test(`${textOf(entrypoint)} ${textOf(command)}`) ||
  environment.some((variable) => /^TRAEFIK_PROVIDERS_(?:DOCKER|SWARM)(?:_|$)/i.test(variable));

/** The network that Compose makes for services which name none. */
const DEFAULT = "default";

/**
 * Returns the key of the network in the user's Compose files that is meant by its key or by its name on the engine;
 * undefined for a network that these files do not have.
 */
export function usersNetworkKey(
  { names, networks = {} }: Pick<UserProject, "names" | "networks">,
  meant: string,
  composeProject?: string,
): string | undefined {
  const keys = [...names.networks, DEFAULT];
  if (keys.includes(meant)) return meant;
  return keys.find((key) => meant === (networks[key]?.name ?? (composeProject && `${composeProject}_${key}`)));
}

/** Returns the network that `production.network` means: one of the user's Compose files, else one that somebody else makes. */
export function traefikNetwork(meant: string, user: Pick<UserProject, "names" | "networks">): TraefikNetwork {
  const key = usersNetworkKey(user, meant);
  if (key === undefined) return { key: PROXY, name: meant, isUsers: false, external: true };
  const { name, external = false } = user.networks?.[key] ?? {};
  // Traefik knows the network by its name on the engine, which Compose makes from the Compose project's name.
  return { key, name: name ?? `\${COMPOSE_PROJECT_NAME}_${key}`, isUsers: true, external };
}
