import type { Log } from "../base/log.ts";
import type { UserProject, UserService } from "../compose/model.ts";
import { isTraefik, usersNetworkKey } from "../stack/traefik-network.ts";
import type { InitOptions } from "./options.ts";

/** What GlitchTip's labels have to say in the words of the Traefik that is there. */
type Told = Pick<InitOptions, "proxyNetwork" | "certResolver" | "proxyEntrypoint">;
type Key = keyof Told;

const FLAGS: Readonly<Record<Key, string>> = {
  proxyNetwork: "--proxy-network",
  certResolver: "--cert-resolver",
  proxyEntrypoint: "--proxy-entrypoint",
};

/** What labels of services, and flags of a Traefik among the services, say of each option; in either case a regular expression. */
const LABELS: Readonly<Record<Key, RegExp>> = {
  proxyNetwork: /^traefik\.docker\.network=(.+)$/,
  certResolver: /^traefik\.http\.routers\.[^.]+\.tls\.certresolver=(.+)$/i,
  // A router of plain HTTP has another entrypoint.
  proxyEntrypoint: /^traefik\.http\.routers\.([^.]+)\.entrypoints=(.+)$/i,
};
const ARGUMENTS: Readonly<Record<Key, RegExp>> = {
  proxyNetwork: /^--providers\.docker\.network=(.+)$/i,
  certResolver: /^--certificatesresolvers\.([^.]+)\./i,
  proxyEntrypoint: /^--entrypoints\.([^.]+)\.address=.*:443$/i,
};

/** Returns the options with network, resolver and entrypoint of the user's own Traefik where no flag states them. */
export function withTraefik(
  options: InitOptions,
  user: UserProject,
  composeProject: string,
  log: Pick<Log, "info" | "warn">,
): InitOptions {
  if (options.proxy !== "traefik") return options;
  const keyOr = (network: string) => usersNetworkKey(user, network, composeProject) ?? network;
  const told: { -readonly [K in Key]?: string } = {};
  for (const key of Object.keys(FLAGS) as Key[]) {
    if (options[key] !== undefined) continue;
    const values = Object.entries(user.services).flatMap((one) => [...valuesIn(...one, key)]);
    const stated = [...new Set(key === "proxyNetwork" ? values.map(keyOr) : values)];
    const found = key === "proxyNetwork" && stated.length === 0 ? networksOfTraefik(user) : stated;
    if (found.length === 1) told[key] = found[0] ?? "";
    else if (found.length > 1)
      log.warn(`the Traefik labels of your services name ${found.join(" and ")}: say which by ${FLAGS[key]}`);
  }
  const said = Object.entries(told).map(([key, value]) => `${FLAGS[key as Key]} ${value}`);
  if (said.length > 0) log.info(`taken from the Traefik settings of your services: ${said.join(" ")}`);
  return withNetworkKey({ ...options, ...told }, user, composeProject);
}

/** Returns the options with the key of the network where its name on the engine was given. */
export function withNetworkKey(options: InitOptions, user: UserProject, composeProject: string): InitOptions {
  const { proxyNetwork } = options;
  if (proxyNetwork === undefined) return options;
  return { ...options, proxyNetwork: usersNetworkKey(user, proxyNetwork, composeProject) ?? proxyNetwork };
}

/**
 * Returns the networks in which a Traefik finds the services that have labels for it; any of them will do for one among the
 * services. A Traefik elsewhere shares an external network with them, or is in a network that all of them share.
 */
function networksOfTraefik({ services, networks = {} }: UserProject): string[] {
  const all = Object.entries(services);
  const own = all
    .filter(([name, service]) => isTraefik(name, service))
    .flatMap(([, service]) => (service.networkMode ? ["default"] : service.networks));
  const labelled = all
    .filter(([name, service]) => !isTraefik(name, service) && service.labels?.some(isForTraefik))
    .map(([, service]) => service);
  const reached = [...new Set(labelled.flatMap((service) => service.networks))];
  if (own.length > 0) return [own.find((network) => reached.includes(network)) ?? own[0] ?? "default"];
  const external = reached.filter((network) => networks[network]?.external);
  if (external.length > 0) return external;
  return reached.filter((network) => labelled.every((service) => service.networks.includes(network)));
}

const isForTraefik = (label: string): boolean => label.startsWith("traefik.");

function* valuesIn(name: string, service: UserService, key: Key): Generator<string> {
  const { labels = [], command = [] } = service;
  for (const label of labels) {
    const [, first = "", second] = LABELS[key].exec(label) ?? [];
    const isTls = second === undefined || labels.some((one) => isTlsOf(one, first));
    if (first !== "" && isTls) yield* (second ?? first).split(",").map((one) => one.trim());
  }
  if (!isTraefik(name, service)) return;
  const words = typeof command === "string" ? command.split(/\s+/) : command;
  for (const word of words) {
    const [, value] = ARGUMENTS[key].exec(word) ?? [];
    if (value !== undefined) yield value;
  }
}

function isTlsOf(label: string, router: string): boolean {
  const [name = "", value] = label.split(/=(.*)/s, 2);
  const start = `traefik.http.routers.${router}.tls`.toLowerCase();
  return name.toLowerCase() === start ? value !== "false" : name.toLowerCase().startsWith(`${start}.`);
}
