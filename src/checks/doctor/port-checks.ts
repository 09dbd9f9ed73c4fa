import { defined } from "../../base/defined.ts";
import type { Variables } from "../../compose/interpolate.ts";
import type { ComposeConfig, ComposePort } from "../../compose/model.ts";
import { collides, type HostPort, hostPorts, portsIn, portText } from "../../compose/ports.ts";
import { asMap, parseComposeYaml } from "../../compose/yaml.ts";
import type { PublishedPort } from "../../docker/index.ts";
import { isStackService } from "../../stack/service-names.ts";
import type { Machine } from "./doctor.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

interface Wanted extends HostPort {
  readonly service: string;
  /** The service is started only with a profile. */
  readonly isOptional: boolean;
  /** The variable that the port comes from. */
  readonly variable?: string;
}

/** What is known about ports that are taken. */
export interface TakenPorts {
  /** Ports that containers publish; undefined where no engine answers. */
  readonly ports: readonly PublishedPort[] | undefined;
  /** Whether the engine publishes on this machine. */
  readonly here: boolean;
}

const CANDIDATES = 100;

type Ports = Pick<Machine, "portIsFree">;
type PublishingServices = {
  readonly name: string;
  readonly services: Readonly<Record<string, Pick<ComposeConfig["services"][string], "ports" | "profiles">>>;
};

/**
 * Checks for each port of the Compose project whether another service of it wants the same one, and whether it is free,
 * in use by the service itself, or taken by others.
 */
export async function checkPorts(config: PublishingServices, taken: TakenPorts, machine: Ports): Promise<Finding[]> {
  const wanted = Object.entries(config.services).flatMap(([service, { ports = [], profiles = [] }]) =>
    ports.flatMap((stated) =>
      hostPorts(stated).map((port) => ({
        ...port,
        service,
        isOptional: profiles.length > 0,
        ...defined({ variable: stated.variable }),
      })),
    ),
  );
  const inModel = rivalsIn(wanted);
  const known = new Set(inModel.flatMap(({ pair }) => pair));
  const findings = await Promise.all(
    wanted.filter((one) => !known.has(one)).map((one) => checkPort(one, config.name, taken, machine)),
  );
  return [...inModel.map(({ finding }) => finding), ...findings];
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  glitchtip: "Set GLITCHTIP_PORT in .env to a free one",
  "glitchtip-proxy": "Let that server take HTTPS for GlitchTip too (production.proxy: traefik, nginx or none)",
};

const elsewhere = ({ service, variable }: Pick<Wanted, "service" | "variable">, example?: number): string => {
  const one = example === undefined ? "a free one" : `a free one (${variable}=${example})`;
  const byVariable = variable === undefined ? undefined : `Set ${variable} in .env to ${one}`;
  return ELSEWHERE[service] ?? byVariable ?? `Publish ${service} on another port`;
};

/** Returns the next port that no container publishes and on which nothing listens; undefined where none is near. */
async function nextFree(wanted: Wanted, ports: TakenPorts["ports"], machine: Ports): Promise<number | undefined> {
  for (let port = wanted.port + 1; port <= Math.min(wanted.port + CANDIDATES, 65_535); port++) {
    const isHeld = ports?.some((one) => collides(one, { ...wanted, port }));
    if (!isHeld && (await machine.portIsFree(port, wanted.hostIp))) return port;
  }
  return undefined;
}

/**
 * Returns the services with the variables that their ports come from. Compose tells only their values, and another reading
 * of the same files tells the names.
 */
export const withVariables = <Service extends { readonly ports?: readonly ComposePort[] }>(
  services: Readonly<Record<string, Service>>,
  read: Readonly<Record<string, { readonly ports?: readonly ComposePort[] }>>,
): Record<string, Service> =>
  Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      const named = (port: ComposePort) =>
        read[name]?.ports?.find(({ target, published }) => target === port.target && published === port.published);
      const ports = service.ports?.map((port) => ({ ...port, ...defined({ variable: named(port)?.variable }) }));
      return [name, { ...service, ...defined({ ports }) }];
    }),
  );

/** Finds services that want the same port: only the first of them to start gets it, and the others stay as `created`. */
function rivalsIn(wanted: readonly Wanted[]): { readonly pair: readonly Wanted[]; readonly finding: Finding }[] {
  return wanted.flatMap((one, i) =>
    wanted.slice(i + 1).flatMap((other) => {
      const pair = [one, other].sort((a, b) => Number(isStackService(b.service)) - Number(isStackService(a.service)));
      const [moving = one] = pair;
      const isOurs = isStackService(moving.service);
      // Services of profiles are often alternatives to each other.
      const mayBoth = isOurs || !(one.isOptional || other.isOptional);
      if (one.service === other.service || !mayBoth || !collides(one, other)) return [];
      const what = `${portText(one)} is wanted by ${one.service} and by ${other.service}: only one of them can start`;
      const report = one.isOptional || other.isOptional ? warn : fail;
      return [{ pair, finding: report("port", what, elsewhere(moving)) }];
    }),
  );
}

async function checkPort(
  wanted: Wanted,
  project: string,
  { ports, here }: TakenPorts,
  machine: Ports,
): Promise<Finding> {
  const { service, port, hostIp, protocol } = wanted;
  const at = portText(wanted);
  const holders = (ports ?? []).filter((one) => collides(one, wanted));
  const foreign = holders.find((one) => one.project !== project || (one.service ?? service) !== service);
  const move = async () =>
    elsewhere(wanted, wanted.variable !== undefined && here ? await nextFree(wanted, ports, machine) : undefined);
  if (foreign !== undefined) {
    return fail(
      "port",
      `${at}, wanted by ${service}, is taken by container ${foreign.container}`,
      `${await move()}, or stop it: docker stop ${foreign.container}`,
    );
  }
  if (holders.length > 0) return ok("port", `${at} is in use by this Compose project's ${service}`);
  if (!here || protocol !== "tcp") return ok("port", `${at} (${service}) is used by no container`);
  if (await machine.portIsFree(port, hostIp)) return ok("port", `${at} (${service}) is free`);
  if (ports === undefined) {
    const fix = "Ports of containers are checked once an engine answers.";
    return warn("port", `${at}, wanted by ${service}, is in use; without an engine it is not known by whom`, fix);
  }
  return fail(
    "port",
    `${at}, wanted by ${service}, is taken by a process that is no container`,
    `${await move()}, or find the process: ss -ltnp 'sport = :${port}'`,
  );
}

/** Returns the ports that the services of one Compose file publish. This is faster than to start Compose for it. */
export function statedPorts(
  path: string,
  text: string,
  variables: Variables,
): Record<string, { readonly ports: readonly ComposePort[] }> {
  const services = parseComposeYaml(path, text).flatMap((file) => Object.entries(asMap(file.services)));
  return Object.fromEntries(
    services.flatMap(([name, service]) => {
      const { ports, profiles } = asMap(service);
      const found = portsIn(ports, variables);
      // A service with a profile may not be started at all.
      return found.length === 0 || profiles !== undefined ? [] : [[name, { ports: found }]];
    }),
  );
}
