import type { Log } from "../base/log.ts";
import type { UserProject, UserService } from "../compose/model.ts";
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
  { services }: Pick<UserProject, "services">,
  log: Pick<Log, "info" | "warn">,
): InitOptions {
  if (options.proxy !== "traefik") return options;
  const told: { -readonly [K in Key]?: string } = {};
  for (const key of Object.keys(FLAGS) as Key[]) {
    if (options[key] !== undefined) continue;
    const found = [...new Set(Object.values(services).flatMap((service) => [...valuesIn(service, key)]))];
    if (found.length === 1) told[key] = found[0] ?? "";
    else if (found.length > 1)
      log.warn(`your services name ${found.join(" and ")} to Traefik: say which by ${FLAGS[key]}`);
  }
  const said = Object.entries(told).map(([key, value]) => `${FLAGS[key as Key]} ${value}`);
  if (said.length > 0) log.info(`as your services say to Traefik: ${said.join(" ")}`);
  return { ...options, ...told };
}

function* valuesIn({ labels = [], image = "", command = [] }: UserService, key: Key): Generator<string> {
  for (const label of labels) {
    const [, first = "", second] = LABELS[key].exec(label) ?? [];
    const isTls = second === undefined || labels.some((one) => isTlsOf(one, first));
    if (first !== "" && isTls) yield* (second ?? first).split(",").map((one) => one.trim());
  }
  if (!/(?:^|\/)traefik(?:[:@]|$)/.test(image)) return;
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
