import { createHash } from "node:crypto";
import type { Declaration } from "../config/schema.ts";
import type { ResolvedServer } from "../config/server.ts";
import { RETENTION_KINDS, SERVER_PORT } from "../glitchtip/versions.ts";
import { dataSettings, keepsQueue } from "./data-settings.ts";
import { escaped } from "./interpolate.ts";
import type { ComposeService } from "./model.ts";
import { ownCaddyfile } from "./proxy-files.ts";
import { DATABASE, VALKEY } from "./service-names.ts";
import type { OurService, OurStack } from "./services.ts";
import type { ComposeTemplates } from "./templates.ts";
import { traefikLabels } from "./traefik.ts";

const PROXY = "glitchtip-proxy";
const MAIL_SECRET = "glitchtip_email_url";

/** By service, which of the declaration's limits is its own. */
const LIMITED: Readonly<Record<string, keyof NonNullable<Declaration["limits"]>>> = {
  glitchtip: "web",
  "glitchtip-worker": "worker",
  [DATABASE]: "database",
  [VALKEY]: "valkey",
  [PROXY]: "proxy",
};

/** Any machine has one; more than it has is refused by the engine. */
const CPUS = 1;

/** Whether GlitchTip is on a port of the host's loopback: for programs there, and for a proxy there. */
export const publishesPort = ({ production }: Pick<Declaration, "production">): boolean =>
  production === undefined || production.proxy === "nginx" || production.proxy === "none";

/** What an operator says beyond the first start: retention, mail, limits, and all that `production` stands for. */
export function forOperator(
  stack: OurStack,
  declaration: Declaration,
  server: ResolvedServer,
  templates: ComposeTemplates,
): OurStack {
  const { mail, limits = {}, production } = declaration;
  const fromEnvironment = mail?.url.startsWith("env:") ? { read_only: false } : {};
  const secrets = (of: ComposeService): ComposeService =>
    mail === undefined || of.secrets === undefined ? {} : { secrets: [...(of.secrets as string[]), MAIL_SECRET] };

  const services: Record<string, OurService> = Object.fromEntries(
    Object.entries(stack.services).map(([name, service]) => [
      name,
      service.fromServer
        ? { ...service, own: { ...service.own, ...secrets(service.own), ...fromEnvironment } }
        : service,
    ]),
  );
  if (production !== undefined) inFront(services, declaration, production, templates);
  for (const [name, service] of Object.entries(services)) {
    const key = LIMITED[name];
    const { memory, cpus = service.own.restart === "no" ? undefined : production && CPUS } = (key && limits[key]) ?? {};
    const limit = { ...(memory && { mem_limit: memory }), ...(cpus && { cpus }) };
    services[name] = { ...service, own: { ...service.own, ...limit, ...dataSettings(name, declaration) } };
  }
  return {
    ...stack,
    services,
    server: { ...stack.server, ...secrets(stack.server), ...fromEnvironment },
    environment: {
      ...stack.environment,
      ...retentionOf(declaration, server),
      // GlitchTip reads the file only beside a value, which the template has (docs/glitchtip-facts.md, "The image").
      ...(mail === undefined ? {} : { EMAIL_URL_FILE: `/run/secrets/${MAIL_SECRET}` }),
      ...(mail?.from === undefined ? {} : { DEFAULT_FROM_EMAIL: escaped(mail.from) }),
      ...(production === undefined ? {} : closed(declaration, production)),
    },
  };
}

type Production = NonNullable<Declaration["production"]>;

const INNER = "glitchtip";

/** Names it answers to: the public one, ours inside the network, and loopback for its own health check. */
const closed = ({ server }: Declaration, { domain }: Production): Record<string, string> => ({
  ENABLE_ORGANIZATION_CREATION: "false",
  ALLOWED_HOSTS: [domain, INNER, "localhost", "127.0.0.1"].join(","),
  CSRF_TRUSTED_ORIGINS: [server.url ?? `https://${domain}`, `http://${INNER}:${SERVER_PORT}`].join(","),
});

const retentionOf = ({ server }: Declaration, { capabilities }: ResolvedServer): Record<string, string> =>
  Object.fromEntries(
    RETENTION_KINDS.flatMap((kind) => {
      const [days, variable] = [server.retention?.[kind], capabilities.retentionVariables[kind]];
      return days === undefined || variable === undefined ? [] : [[variable, days.replace("d", "")] as const];
    }),
  );

function inFront(
  services: Record<string, OurService>,
  declaration: Declaration,
  production: Production,
  templates: ComposeTemplates,
): void {
  const web = services[INNER];
  if (web === undefined) return;
  const { ports: _, ...own } = web.own;
  if (!publishesPort(declaration)) services[INNER] = { ...web, own };
  if (production.proxy === "traefik") {
    const networks = ["glitchtip", "glitchtip-db", PROXY];
    services[INNER] = { ...web, own: { ...own, networks, labels: traefikLabels(production) } };
  }
  if (production.proxy !== "caddy") return;
  const template = templates(PROXY);
  const tls = production.tls.mode === "own" ? { secrets: ["glitchtip_tls_certificate", "glitchtip_tls_key"] } : {};
  // A changed file under a mount is not seen by Compose: the label makes the container anew.
  const config = createHash("sha256").update(ownCaddyfile(declaration, production)).digest("hex").slice(0, 16);
  services[PROXY] = { fromServer: false, own: { ...template, ...tls, labels: { "glitchtip-compose.config": config } } };
}

/** Networks, volumes and secrets that the above needs. */
export function topOf(declaration: Declaration, server: ResolvedServer, secretBy: (reference: string) => object) {
  const { production, mail } = declaration;
  const { certificate, key } = production?.tls ?? {};
  return {
    networks: production?.proxy === "traefik" ? { [PROXY]: { external: true, name: production.network } } : {},
    volumes: [...(production?.proxy === "caddy" ? [PROXY] : []), ...(keepsQueue(declaration, server) ? [VALKEY] : [])],
    secrets: {
      ...(mail === undefined ? {} : { [MAIL_SECRET]: secretBy(mail.url) }),
      ...(certificate === undefined ? {} : { glitchtip_tls_certificate: secretBy(certificate) }),
      ...(key === undefined ? {} : { glitchtip_tls_key: secretBy(key) }),
    },
  };
}
