import type { ComposePort } from "../../docker/index.ts";
import { asMap, parseComposeYaml } from "../../stack/compose-yaml.ts";
import { interpolate, type Variables } from "../../stack/interpolate.ts";

const SHORT = /^(?:(\[[^\]]+\]|[\d.]+):)?(?:(\d+(?:-\d+)?):)(\d+)(?:-\d+)?(?:\/(\w+))?$/;

/** What the services of a Compose file publish, read without Compose, whose start takes longer than all else here. */
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
      // Of a profile: it may not be started at all.
      return found.length === 0 || profiles !== undefined ? [] : [[name, { ports: found }]];
    }),
  );
}

/** Undefined where the engine picks a port, and for what only Compose understands. */
function portOf(stated: unknown, variables: Variables): ComposePort | undefined {
  if (typeof stated === "string") {
    const [, ip, published, target, protocol] = SHORT.exec(interpolate(stated, variables)) ?? [];
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
