import { defined } from "../base/defined.ts";
import { interpolate, type Variables } from "./interpolate.ts";
import type { ComposePort } from "./model.ts";
import { asMap, Tagged } from "./yaml.ts";

/** The short form, such as `127.0.0.1:8000:80/tcp`. */
const SHORT_FORM = /^(?:(\[[^\]]+\]|[\d.]+):)?(?:(\d+(?:-\d+)?):)(\d+)(?:-\d+)?(?:\/(\w+))?$/;

/** A variable in the place of the published port: in the short form after an address, and alone in the long form. */
const PUBLISHED_VARIABLE =
  /^(?:(?:\[[^\]]+\]|[\d.]+|\$\{[^{}]*\}):)?\$(?:\{(\w+)[^{}]*\}|(\w+)):\d+(?:-\d+)?(?:\/\w+)?$/;
const VARIABLE = /^\$(?:\{(\w+)[^{}]*\}|(\w+))$/;

function variableIn(text: string, form: RegExp): string | undefined {
  const [, braced, bare] = form.exec(text) ?? [];
  return braced ?? bare;
}

/** Returns what `ports` of a service publishes. Leaves out ports that the engine chooses, and forms that only Compose understands. */
export const portsIn = (stated: unknown, variables: Variables): ComposePort[] =>
  Array.isArray(stated) ? stated.flatMap((one: unknown) => portOf(one, variables) ?? []) : [];

function portOf(stated: unknown, variables: Variables): ComposePort | undefined {
  if (typeof stated === "string") {
    const [, ip, published, target, protocol] = SHORT_FORM.exec(interpolate(stated, variables)) ?? [];
    if (published === undefined) return undefined;
    const hostIp = ip?.replace(/^\[|\]$/g, "") || undefined;
    const variable = variableIn(stated, PUBLISHED_VARIABLE);
    const more = defined({ host_ip: hostIp, protocol: protocol || undefined, variable });
    return { target: Number(target), published, ...more };
  }
  const { target, published, host_ip: hostIp, protocol } = asMap(stated);
  const text = (value: unknown) =>
    value === undefined || value === null || value instanceof Tagged ? "" : interpolate(String(value), variables);
  if (!/^\d+(-\d+)?$/.test(text(published))) return undefined;
  return {
    target: Number(target),
    published: text(published),
    ...defined({
      host_ip: text(hostIp) || undefined,
      protocol: text(protocol) || undefined,
      variable: variableIn(String(published), VARIABLE),
    }),
  };
}

/** A port of the host that a service publishes. */
export interface HostPort {
  readonly port: number;
  readonly hostIp: string;
  /** `tcp` or `udp`. */
  readonly protocol: string;
}

/** Of a longer range only the first ports are returned. */
const RANGE_LONGEST = 100;

/** Returns the single ports of the host; none where the engine chooses one. */
export function hostPorts({ published, host_ip: hostIp = "0.0.0.0", protocol = "tcp" }: ComposePort): HostPort[] {
  const [first, last = first] = (published ?? "").split("-").map(Number);
  if (!first || !last) return [];
  const count = Math.min(last - first + 1, RANGE_LONGEST);
  return Array.from({ length: count }, (_, i) => ({ port: first + i, hostIp, protocol }));
}

const ANY = ["0.0.0.0", "::", ""];
const overlaps = (a: string, b: string): boolean => a === b || ANY.includes(a) || ANY.includes(b);

/** Whether two ports cannot be published at the same time. */
export const collides = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && overlaps(a.hostIp, b.hostIp);

/** Returns the port as one writes it: `127.0.0.1:8000`, and `/udp` where it is not TCP. */
export const portText = ({ port, hostIp, protocol }: HostPort): string =>
  `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:${port}${protocol === "tcp" ? "" : `/${protocol}`}`;

/** Returns the services that publish a port which collides with this one, each once. */
export const publishersOf = (
  services: Readonly<Record<string, { readonly ports?: readonly ComposePort[] }>>,
  wanted: HostPort,
): string[] =>
  Object.keys(services).filter((name) =>
    (services[name]?.ports ?? []).flatMap(hostPorts).some((one) => collides(one, wanted)),
  );
