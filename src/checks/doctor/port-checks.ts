import type { ComposeConfig, ComposePort, PublishedPort } from "../../docker/index.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import type { Machine } from "./index.ts";

interface Wanted {
  readonly service: string;
  readonly port: number;
  readonly hostIp: string;
  readonly protocol: string;
}

/** What is known of the ports that are taken. */
export interface Taken {
  /** Undefined without an engine to ask. */
  readonly ports: readonly PublishedPort[] | undefined;
  /** The engine publishes on this machine. */
  readonly here: boolean;
}

type Ports = Pick<Machine, "portIsFree">;

/** Each port that the project publishes: free, its own, or taken by whom. */
export async function checkPorts(config: ComposeConfig, taken: Taken, machine: Ports): Promise<Finding[]> {
  const wanted = Object.entries(config.services).flatMap(([service, { ports = [] }]) =>
    ports.flatMap((port) => wantedPorts(service, port)),
  );
  return await Promise.all(wanted.map((one) => checkPort(one, config.name, taken, machine)));
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  glitchtip: "Set GLITCHTIP_PORT in .env to a free one",
  "glitchtip-proxy": "Let that server take HTTPS for GlitchTip too (production.proxy: traefik, nginx or none)",
};

async function checkPort(wanted: Wanted, project: string, { ports, here }: Taken, machine: Ports): Promise<Finding> {
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

/** A longer range is not looked at port by port. */
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
