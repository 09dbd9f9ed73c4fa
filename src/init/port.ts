import { agreeing } from "../base/counted.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { UserProject } from "../compose/model.ts";
import { publishersOf } from "../compose/ports.ts";
import { SAMPLE_PORT } from "../workspace/index.ts";
import type { InitOptions } from "./options.ts";

/** GlitchTip's own default, which is also the default of Django, uvicorn, gunicorn and Laravel. */
const USUAL_PORT = 8000;
const CANDIDATES = 100;
const LOOPBACK = "127.0.0.1";

export interface PortContext {
  readonly log: Pick<Log, "info" | "warn">;
  /** Returns whether nothing on this machine listens on the port; without it the machine is not asked. */
  portIsFree?(port: number, hostIp: string): Promise<boolean>;
}

/**
 * Returns the options with a port that neither a service of the user's Compose files publishes nor another program of
 * this machine has; the declaration keeps it, so that every developer gets the same. `variable` is GLITCHTIP_PORT where
 * it is set, which decides then. Throws GC1603 where --port is a port that one of the services publishes.
 */
export async function withFreePort(
  context: PortContext,
  options: InitOptions,
  { services }: Pick<UserProject, "services">,
  variable: string | undefined,
): Promise<InitOptions> {
  if (variable || !publishesPort(options)) return options;
  const { port } = options;
  const { next, takenBy: why } = await freePortFrom(port ?? USUAL_PORT, context, services);
  if (why === undefined) return options;
  if (port === undefined) {
    if (next === undefined) return options;
    context.log.info(`GlitchTip gets port ${next} (server.port), because port ${USUAL_PORT} is taken by ${why}`);
    return { ...options, port: next };
  }
  const free = next === undefined ? "Type a free one." : `Type a free one: --port ${next}`;
  if (publishersAt(services, port).length === 0) {
    // The program may be gone when the stack is started, and `up` looks again.
    context.log.warn(`port ${port} is taken by ${why}. ${free}`);
    return options;
  }
  throw new CodedError("GC1603", `--port ${port}: this port is taken by ${why}`, { remedy: free });
}

interface FreePort {
  /** The next free port; undefined where none of the candidates is free. */
  readonly next: number | undefined;
  /** Who has the wanted port; undefined where it is free. */
  readonly takenBy: string | undefined;
}

async function freePortFrom(
  wanted: number,
  { portIsFree }: Pick<PortContext, "portIsFree">,
  services: UserProject["services"],
): Promise<FreePort> {
  const takenBy = async (port: number): Promise<string | undefined> => {
    const publishers = publishersAt(services, port);
    if (publishers.length > 0) return `${publishers.join(" and ")} in your Compose file`;
    return (await portIsFree?.(port, LOOPBACK)) === false ? "another program on this machine" : undefined;
  };
  const why = await takenBy(wanted);
  return { takenBy: why, next: why === undefined ? wanted : await firstFree(wanted, takenBy) };
}

/**
 * Returns the port to suggest on a terminal, who has the usual one, and a check of another one; undefined where the
 * options publish no port on the loopback address.
 */
export async function suggestedPort(
  context: Pick<PortContext, "portIsFree">,
  options: InitOptions,
  services: UserProject["services"],
): Promise<(FreePort & { problemOf(port: number): string | undefined }) | undefined> {
  if (!publishesPort(options)) return undefined;
  return {
    ...(await freePortFrom(USUAL_PORT, context, services)),
    problemOf(port) {
      const publishers = publishersAt(services, port);
      return publishers.length === 0
        ? undefined
        : `${port} is taken by ${publishers.join(" and ")} in your Compose file`;
    },
  };
}

/**
 * Returns the port that the sample app's Compose file states: the usual one, or the next on which no program of this machine
 * listens and which is not GlitchTip's. `variable` is APP_PORT where it is set, which decides then.
 */
export async function freeSamplePort(
  { log, portIsFree }: PortContext,
  { port: glitchtipPort }: InitOptions,
  variable: string | undefined,
): Promise<number> {
  const takenBy = async (port: number): Promise<string | undefined> =>
    (await portIsFree?.(port, LOOPBACK)) === false ? "another program on this machine" : undefined;
  const why = variable ? undefined : await takenBy(SAMPLE_PORT);
  const next =
    why && (await firstFree(SAMPLE_PORT, async (port) => (port === glitchtipPort ? "GlitchTip" : takenBy(port))));
  if (!next) return SAMPLE_PORT;
  log.info(`the sample app gets port ${next} (compose.yaml), because port ${SAMPLE_PORT} is taken by ${why}`);
  return next;
}

const WHAT_TAKES_HTTPS =
  "Say what takes HTTPS: --proxy traefik for a Traefik, --proxy nginx for an nginx, --proxy none for a Caddy or any other (npx glitchtip-compose help proxies).";

/**
 * Throws GC1603 if a service of the user's Compose files publishes a port of our Caddy and no option says what takes HTTPS;
 * warns if an option says that our Caddy does. `variables` are those of .env and of the shell.
 */
export function compareOtherProxy(
  { domain, proxy }: InitOptions,
  services: UserProject["services"],
  variables: Readonly<Record<string, string | undefined>>,
  log: Pick<Log, "warn">,
): void {
  if (domain === undefined || (proxy !== undefined && proxy !== "caddy")) return;
  const ports = [variables.GLITCHTIP_HTTP_PORT || "80", variables.GLITCHTIP_HTTPS_PORT || "443"].map(Number);
  const taken = ports.flatMap((port) =>
    publishersOf(services, { port, hostIp: "0.0.0.0", protocol: "tcp" }).map((name) => ({ port, name })),
  );
  const names = [...new Set(taken.map(({ name }) => name))];
  if (names.length === 0) return;
  const numbers = [...new Set(taken.map(({ port }) => port))].join(" and ");
  const verb = agreeing(names.length, "publishes", "publish");
  const what = `${names.join(" and ")} ${verb} ${numbers} in your Compose file, which the Caddy of GlitchTip would publish, too`;
  if (proxy === undefined) throw new CodedError("GC1603", `${what}; nothing was written`, { remedy: WHAT_TAKES_HTTPS });
  log.warn(`${what}: only one of them can start. Change a port, or leave out --proxy caddy. ${WHAT_TAKES_HTTPS}`);
}

const publishersAt = (services: UserProject["services"], port: number): string[] =>
  publishersOf(services, { port, hostIp: LOOPBACK, protocol: "tcp" });

/** A server that is there already, and one behind a proxy in this stack, have no port on the loopback address. */
const publishesPort = ({ serverUrl, domain, proxy }: InitOptions): boolean =>
  serverUrl === undefined && (domain === undefined || proxy === "nginx" || proxy === "none");

async function firstFree(
  after: number,
  takenBy: (port: number) => Promise<string | undefined>,
): Promise<number | undefined> {
  const last = Math.min(after + CANDIDATES, 65_535);
  for (let port = after + 1; port <= last; port++) if ((await takenBy(port)) === undefined) return port;
  return undefined;
}
