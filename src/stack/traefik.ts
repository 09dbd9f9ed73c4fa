import type { Declaration } from "../config/schema.ts";
import { SERVER_PORT } from "../glitchtip/versions.ts";
import type { ComposeService } from "./model.ts";
import { ENVELOPES, HEADERS, UPLOADS } from "./proxy.ts";

type Production = NonNullable<Declaration["production"]>;

/** For a Traefik that is there already. It takes no container that is not healthy. */
export function traefikLabels({ domain, network, certResolver, bodyMegabytes }: Production): ComposeService {
  const router = (name: string, rule: string, priority: number, megabytes: number) => ({
    [`traefik.http.routers.${name}.rule`]: rule,
    [`traefik.http.routers.${name}.priority`]: String(priority),
    [`traefik.http.routers.${name}.entrypoints`]: "websecure",
    [`traefik.http.routers.${name}.tls`]: "true",
    ...(certResolver === undefined ? {} : { [`traefik.http.routers.${name}.tls.certresolver`]: certResolver }),
    [`traefik.http.routers.${name}.service`]: "glitchtip",
    [`traefik.http.routers.${name}.middlewares`]: `${name}-size,glitchtip-headers`,
    [`traefik.http.middlewares.${name}-size.buffering.maxRequestBodyBytes`]: String(megabytes * 1_000_000),
  });
  const host = `Host(\`${domain}\`)`;
  const path = (pattern: string) => `${host} && PathRegexp(\`^/api/${pattern}/?$$\`)`;
  return {
    "traefik.enable": "true",
    "traefik.docker.network": network,
    "traefik.http.services.glitchtip.loadbalancer.server.port": String(SERVER_PORT),
    ...router("glitchtip", host, 1, bodyMegabytes.other),
    ...router("glitchtip-upload", path(UPLOADS), 2, bodyMegabytes.upload),
    ...router("glitchtip-envelope", path(ENVELOPES), 3, bodyMegabytes.envelope),
    ...Object.fromEntries(
      HEADERS.map(([name, value]) => [
        `traefik.http.middlewares.glitchtip-headers.headers.customResponseHeaders.${name}`,
        value,
      ]),
    ),
  };
}
