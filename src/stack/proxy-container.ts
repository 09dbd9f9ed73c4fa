import type { UserProject } from "../compose/model.ts";
import { publishersOf } from "../compose/ports.ts";
import type { Declaration } from "../config/schema.ts";
import { isStackService } from "./service-names.ts";

/** A service of the user's Compose files that takes HTTPS, and the network in which GlitchTip meets it. */
export interface ProxyContainer {
  readonly service: string;
  readonly network: string;
}

/**
 * Returns the user's nginx, Caddy or other proxy if it is a service of the Compose files: the one that publishes port 443, else
 * 80. Undefined for a proxy on the host, and for a service in the host's network, where 127.0.0.1 is the host.
 */
export function proxyContainer(
  { production }: Pick<Declaration, "production">,
  { services }: Pick<UserProject, "services">,
): ProxyContainer | undefined {
  if (production?.proxy !== "nginx" && production?.proxy !== "none") return undefined;
  const publishers = [443, 80].flatMap((port) => publishersOf(services, { port, hostIp: "0.0.0.0", protocol: "tcp" }));
  const service = publishers.find((name) => !isStackService(name) && services[name]?.networkMode === undefined);
  const network = service && services[service]?.networks[0];
  return service === undefined || network === undefined ? undefined : { service, network };
}
