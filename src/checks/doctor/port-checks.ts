import { interpolate, type Variables } from "../../compose/interpolate.ts";
import type { ComposeConfig, ComposePort } from "../../compose/model.ts";
import { asMap, parseComposeYaml } from "../../compose/yaml.ts";
import type { PublishedPort } from "../../docker/index.ts";
import type { Machine } from "./doctor.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

interface Wanted {
  readonly service: string;
  readonly port: number;
  readonly hostIp: string;
  readonly protocol: string;
}

/** What is known about ports that are taken. */
export interface TakenPorts {
  /** Ports that containers publish; undefined where no engine answers. */
  readonly ports: readonly PublishedPort[] | undefined;
  /** Whether the engine publishes on this machine. */
  readonly here: boolean;
}

type Ports = Pick<Machine, "portIsFree">;

/** Checks for each port of the Compose project whether it is free, in use by the project itself, or taken by others. */
export async function checkPorts(config: ComposeConfig, taken: TakenPorts, machine: Ports): Promise<Finding[]> {
  const wanted = Object.entries(config.services).flatMap(([service, { ports = [] }]) =>
    ports.flatMap((port) => wantedPorts(service, port)),
  );
  return await Promise.all(wanted.map((one) => checkPort(one, config.name, taken, machine)));
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  glitchtip: "Set GLITCHTIP_PORT in .env to a free one",
  "glitchtip-proxy": "Let that server take HTTPS for GlitchTip too (production.proxy: traefik, nginx or none)",
};

async function checkPort(
  wanted: Wanted,
  project: string,
  { ports, here }: TakenPorts,
  machine: Ports,
): Promise<Finding> {
  const { service, port, hostIp, protocol } = wanted;
  const at = `${hostIp}:${port}${protocol === "tcp" ? "" : `/${protocol}`}`;
  const holders = (ports ?? []).filter(
    (one) => one.port === port && one.protocol === protocol && overlaps(one.hostIp, hostIp),
  );
  const foreign = holders.find((one) => one.project !== project);
  const another = ELSEWHERE[service] ?? `Publish ${service} on another port`;
  if (foreign !== undefined) {
    return fail(
      "port",
      `${at}, wanted by ${service}, is taken by container ${foreign.container}`,
      `${another}, or stop it: docker stop ${foreign.container}`,
    );
  }
  if (holders.length > 0) return ok("port", `${at} is in use by this project's ${service}`);
  if (!here || protocol !== "tcp") return ok("port", `${at} (${service}) is used by no container`);
  if (await machine.portIsFree(port, hostIp)) return ok("port", `${at} (${service}) is free`);
  if (ports === undefined) {
    const fix = "Once an engine answers, its containers are looked at.";
    return warn("port", `${at}, wanted by ${service}, is in use; without an engine it is not known by whom`, fix);
  }
  return fail(
    "port",
    `${at}, wanted by ${service}, is taken by a process that is no container`,
    `${another}, or find the process: ss -ltnp 'sport = :${port}'`,
  );
}

const ANY = ["0.0.0.0", "::", ""];
const overlaps = (a: string, b: string): boolean => a === b || ANY.includes(a) || ANY.includes(b);

/** Of a longer range only the first ports are checked. */
const RANGE_LONGEST = 100;

function wantedPorts(
  service: string,
  { published, host_ip: hostIp = "0.0.0.0", protocol = "tcp" }: ComposePort,
): Wanted[] {
  const [first, last = first] = (published ?? "").split("-").map(Number);
  if (!first || !last) return [];
  const count = Math.min(last - first + 1, RANGE_LONGEST);
  return Array.from({ length: count }, (_, i) => ({ service, port: first + i, hostIp, protocol }));
}

/** The short form, such as `127.0.0.1:8000:80/tcp`. */
const SHORT_FORM = /^(?:(\[[^\]]+\]|[\d.]+):)?(?:(\d+(?:-\d+)?):)(\d+)(?:-\d+)?(?:\/(\w+))?$/;

/** Reads the ports that the services of a Compose file publish. This is faster than to start Compose for it. */
export function statedPorts(
  path: string,
  text: string,
  variables: Variables,
): Record<string, { readonly ports: readonly ComposePort[] }> {
  const services = parseComposeYaml(path, text).flatMap((file) => Object.entries(asMap(file.services)));
  return Object.fromEntries(
    services.flatMap(([name, service]) => {
      const { ports, profiles } = asMap(service);
      const found = Array.isArray(ports) ? ports.flatMap((one: unknown) => portOf(one, variables) ?? []) : [];
      // A service with a profile may not be started at all.
      return found.length === 0 || profiles !== undefined ? [] : [[name, { ports: found }]];
    }),
  );
}

/** Returns undefined where the engine chooses the port, and for forms that only Compose understands. */
function portOf(stated: unknown, variables: Variables): ComposePort | undefined {
  if (typeof stated === "string") {
    const [, ip, published, target, protocol] = SHORT_FORM.exec(interpolate(stated, variables)) ?? [];
    if (published === undefined) return undefined;
    const hostIp = ip?.replace(/^\[|\]$/g, "");
    return { target: Number(target), published, ...(hostIp && { host_ip: hostIp }), ...(protocol && { protocol }) };
  }
  const { target, published, host_ip: hostIp, protocol } = asMap(stated);
  const text = (value: unknown) => (value === undefined ? "" : interpolate(String(value), variables));
  if (!/^\d+(-\d+)?$/.test(text(published))) return undefined;
  const more = { host_ip: text(hostIp), protocol: text(protocol) };
  return {
    target: Number(target),
    published: text(published),
    ...(more.host_ip && { host_ip: more.host_ip }),
    ...(more.protocol && { protocol: more.protocol }),
  };
}
