import { defined } from "../base/defined.ts";
import { escaped } from "../compose/interpolate.ts";
import type { ComposeService, UserProject } from "../compose/model.ts";
import { memoryMebibytes } from "../config/schema/production.ts";
import type { Declaration } from "../config/schema.ts";
import { secretFile } from "../config/secret-volumes.ts";
import type { ResolvedServer } from "../config/server.ts";
import { RETENTION_KINDS, SERVER_PORT } from "../glitchtip/versions.ts";
import { dataSettings, hasValkeyVolume } from "./data-services.ts";
import { fingerprint } from "./managed-files.ts";
import type { BundledStack, StackInput, StackParts, StackService, TopLevel } from "./model.ts";
import { secretBy } from "./provision-service.ts";
import { ownCaddyfile, traefikLabels } from "./proxy.ts";
import { proxyContainer } from "./proxy-container.ts";
import { DATABASE, DATABASE_NETWORK, NETWORK, PROXY, SERVER, VALKEY, WORKER } from "./service-names.ts";
import type { ComposeTemplates } from "./templates.ts";
import { traefikNetwork } from "./traefik-network.ts";

type Production = NonNullable<Declaration["production"]>;
type Services = Readonly<Record<string, StackService>>;

const MAIL_SECRET = "glitchtip_email_url";
const TLS_SECRETS = ["glitchtip_tls_certificate", "glitchtip_tls_key"] as const;

/** The declaration's limit for each service. */
const LIMIT_OF: Readonly<Record<string, keyof NonNullable<Declaration["limits"]>>> = {
  [SERVER]: "web",
  [WORKER]: "worker",
  [DATABASE]: "database",
  [VALKEY]: "valkey",
  [PROXY]: "proxy",
};

/** Cores in production where none are declared. An engine refuses more cores than its machine has, so it is one. */
const DEFAULT_CPUS = 1;

/** Whether GlitchTip has a port on the host's loopback, for programs of the host and for a proxy there. */
export const publishesPort = ({ production }: Pick<Declaration, "production">): boolean =>
  production === undefined || production.proxy === "nginx" || production.proxy === "none";

/** Returns the stack with what operators declare beyond a first start: mail, limits, retention, and `production`. */
export function forOperator(
  stack: BundledStack,
  { declaration, user, compose }: Pick<StackInput, "declaration" | "user" | "compose">,
  resolved: ResolvedServer,
): BundledStack {
  const { mail, production } = declaration;
  const mailKeys = mailKeysFor(mail);
  const withMail = Object.entries(stack.services).map(([name, service]): [string, StackService] => [
    name,
    service.fromServer ? { ...service, own: { ...service.own, ...mailKeys(service.own) } } : service,
  ]);
  const services = besideContainer(
    behindProxy(Object.fromEntries(withMail), declaration, user, compose),
    declaration,
    user,
  );
  return {
    ...stack,
    services: Object.fromEntries(
      Object.entries(services).map(([name, { own, fromServer }]) => [
        name,
        {
          fromServer,
          own: { ...own, ...limitsOf(name, own, declaration), ...dataSettings(name, own, declaration, resolved) },
        },
      ]),
    ),
    server: { ...stack.server, ...mailKeys(stack.server) },
    environment: {
      ...stack.environment,
      ...retentionVariables(declaration, resolved),
      ...defined({
        // GlitchTip reads the file only where EMAIL_URL has a value, which the template sets.
        EMAIL_URL_FILE: mail && secretFile(MAIL_SECRET),
        DEFAULT_FROM_EMAIL: mail?.from === undefined ? undefined : escaped(mail.from),
      }),
      ...(production === undefined ? {} : productionVariables(declaration, production)),
    },
  };
}

/** Returns a function that gives the keys by which a service reads the address of the mail server. */
function mailKeysFor(mail: Declaration["mail"]): (service: ComposeService) => ComposeService {
  if (mail === undefined) return () => ({});
  return ({ secrets }) => (secrets === undefined ? {} : { secrets: [...secrets, MAIL_SECRET] });
}

function limitsOf(name: string, { restart }: ComposeService, { limits = {}, production }: Declaration): ComposeService {
  const key = LIMIT_OF[name];
  const { memory, cpus } = (key && limits[key]) ?? {};
  const isOneShot = restart === "no";
  const defaultCpus = production === undefined || isOneShot ? undefined : DEFAULT_CPUS;
  return defined({ mem_limit: memory, cpus: cpus ?? defaultCpus });
}

/** The server answers to its public name, its name in the network, and loopback for its health check. */
const productionVariables = ({ server }: Declaration, { domain }: Production): Record<string, string> => ({
  ENABLE_ORGANIZATION_CREATION: "false",
  ALLOWED_HOSTS: [domain, SERVER, "localhost", "127.0.0.1"].join(","),
  CSRF_TRUSTED_ORIGINS: [server.url ?? `https://${domain}`, `http://${SERVER}:${SERVER_PORT}`].join(","),
});

const retentionVariables = ({ server }: Declaration, { capabilities }: ResolvedServer): Record<string, string> =>
  Object.fromEntries(
    RETENTION_KINDS.flatMap((kind) => {
      const [days, variable] = [server.retention?.[kind], capabilities.retentionVariables[kind]];
      return days === undefined || variable === undefined ? [] : [[variable, days.replace("d", "")] as const];
    }),
  );

/** Returns the services with the proxy that production declares. */
function behindProxy(
  services: Services,
  declaration: Declaration,
  user: UserProject,
  templates: ComposeTemplates,
): Services {
  const { production } = declaration;
  const web = services[SERVER];
  if (production === undefined || web === undefined || publishesPort(declaration)) return services;
  const { ports: _, ...own } = web.own;
  const hidden: Services = { ...services, [SERVER]: { ...web, own } };
  if (production.proxy === "traefik") {
    const { key, name } = traefikNetwork(production.network, user);
    const labels = traefikLabels({ ...production, network: name });
    const keys = { networks: [NETWORK, DATABASE_NETWORK, key], labels };
    return { ...hidden, [SERVER]: { ...web, own: { ...own, ...keys } } };
  }
  const config = fingerprint(ownCaddyfile(declaration, production)).slice(0, 16);
  const template = templates(PROXY);
  const memory = memoryMebibytes(declaration.limits?.proxy?.memory ?? String(template.mem_limit));
  const caddy: ComposeService = {
    ...template,
    // Go collects garbage harder from here on, below the container's limit.
    environment: { ...template.environment, GOMEMLIMIT: `${Math.floor((memory * 3) / 4)}MiB` },
    ...(production.tls.mode === "own" ? { secrets: TLS_SECRETS } : {}),
    labels: { "glitchtip-compose.config": config },
  };
  return { ...hidden, [PROXY]: { fromServer: false, own: caddy } };
}

/** Returns the services with GlitchTip in the network of the user's proxy, if that is a service of the Compose files. */
function besideContainer(services: Services, declaration: Declaration, user: UserProject): Services {
  const web = services[SERVER];
  const container = proxyContainer(declaration, user);
  if (web === undefined || container === undefined) return services;
  const networks = [NETWORK, DATABASE_NETWORK, container.network];
  return { ...services, [SERVER]: { ...web, own: { ...web.own, networks } } };
}

/** Returns the networks, volumes and secrets that `forOperator` needs. */
export function operatorParts(
  { declaration, user }: Pick<StackInput, "declaration" | "user">,
  resolved: ResolvedServer,
): Pick<StackParts, "volumes" | "secrets"> & Required<Pick<TopLevel, "networks">> {
  const { production, mail } = declaration;
  const { certificate, key } = production?.tls ?? {};
  return {
    networks: networksOfTraefik(production, user),
    volumes: [
      ...(production?.proxy === "caddy" ? [PROXY] : []),
      ...(hasValkeyVolume(declaration, resolved) ? [VALKEY] : []),
    ],
    secrets: {
      ...(mail === undefined ? {} : { [MAIL_SECRET]: secretBy(mail.url) }),
      ...(certificate === undefined ? {} : { [TLS_SECRETS[0]]: secretBy(certificate) }),
      ...(key === undefined ? {} : { [TLS_SECRETS[1]]: secretBy(key) }),
    },
  };
}

/** Returns the network of the user's Traefik, unless the user's Compose files declare it. */
function networksOfTraefik(production: Production | undefined, user: UserProject): NonNullable<TopLevel["networks"]> {
  if (production?.proxy !== "traefik") return {};
  const { key, name, isUsers } = traefikNetwork(production.network, user);
  return isUsers ? {} : { [key]: { external: true, name } };
}
