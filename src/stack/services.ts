import { dataFolder, postgresImage, postgresVolume } from "../config/postgres.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import { imageOf, ownServices, type ResolvedServer, superuserOf } from "../config/server.ts";
import { type Role, SERVER_PORT } from "../glitchtip/versions.ts";
import { escaped } from "./interpolate.ts";
import type { ComposeService, ProvisionerSource } from "./model.ts";
import { provisionServices, writable } from "./provision-service.ts";
import type { ComposeTemplates, TemplateName } from "./templates.ts";

/** One of our services: its own keys, and which of the shared maps stand before them. */
export interface OurService {
  readonly own: ComposeService;
  readonly fromServer: boolean;
}

export interface OurStack {
  readonly everyService: ComposeService;
  /** What the containers of GlitchTip's image share; its environment is shared on its own. */
  readonly server: ComposeService;
  readonly environment: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, OurService>>;
}

/** Beside a server that is there already nothing is made of GlitchTip's image. */
export type AttachedStack = Pick<OurStack, "everyService" | "services">;

const VALKEY_URL = "redis://glitchtip-valkey:6379/0";
const HEALTHY = { condition: "service_healthy", required: false };
const STARTED = { condition: "service_started", required: false };

/** Puts another default into `${NAME:-default}`. */
const withDefault = (reference: unknown, value: string | number): string =>
  String(reference).replace(/:-[^}]*\}/, () => `:-${String(value).replaceAll("$", "$$$$")}}`);

/** Where each audience reaches the server; what only Compose knows is left to it. */
export function addressesOf({ url, port }: Declaration["server"]): Readonly<Record<Audience, string>> {
  const published = `\${GLITCHTIP_PORT:-${port}}`;
  return {
    container: `http://glitchtip:${SERVER_PORT}`,
    // What is declared is meant for programs of the host, too.
    host: escaped(url) ?? `http://127.0.0.1:${published}`,
    public: escaped(url) ?? `http://localhost:${published}`,
  };
}

/** GlitchTip's own services for a declaration, from the templates. */
export function ourServices(
  declaration: Declaration,
  { capabilities, topology, valkey }: ResolvedServer,
  templates: ComposeTemplates,
  provisioner: ProvisionerSource,
): OurStack {
  const { server } = declaration;
  const admin = superuserOf(declaration);
  const addresses = addressesOf(server);
  const split = topology === "split" || capabilities.allInOne === undefined;
  const web = split ? capabilities.web : capabilities.allInOne;
  const external = ownServices(server);
  const bundledValkey = valkey && external.valkey === undefined;
  const theirs = Object.fromEntries(
    Object.values(external).flatMap(({ service }) => (service === undefined ? [] : [[service, STARTED] as const])),
  );
  const afterInit = bundledValkey ? { "glitchtip-valkey": HEALTHY } : {};
  const environmentAdmin = admin.password?.startsWith("env:") === true;
  const environmentUrl = Object.values(external).some(({ url }) => url.startsWith("env:"));

  /** Lists are added to the shared ones, because a YAML merge would replace them. */
  const glitchtip = (name: TemplateName, role: Role | undefined, more: ComposeService = {}): OurService => {
    const { depends_on, volumes, secrets, ...template } = templates(name);
    const shared = {
      volumes: templates("server").volumes as string[],
      secrets: serverSecrets(templates("server"), external),
    };
    const links = Object.entries(depends_on as object).filter(
      ([other]) => other !== "glitchtip-db" || !external.database,
    );
    const own = {
      ...template,
      ...(role === undefined ? {} : { command: role.command, environment: role.environment }),
      ...(volumes === undefined ? {} : { volumes: [...shared.volumes, ...(volumes as string[])] }),
      ...(secrets === undefined ? {} : { secrets: [...shared.secrets, ...(secrets as string[])] }),
      ...more,
      depends_on: { ...Object.fromEntries(links), ...afterInit, ...theirs },
    };
    return { own, fromServer: true };
  };

  const services: Record<string, OurService> = {
    ...(external.database === undefined
      ? { "glitchtip-db": { own: databaseService(templates("glitchtip-db"), server), fromServer: false } }
      : {}),
    ...(bundledValkey ? { "glitchtip-valkey": { own: templates("glitchtip-valkey"), fromServer: false } } : {}),
    "glitchtip-init": glitchtip("glitchtip-init", undefined, {
      environment: { GLITCHTIP_ADMIN_EMAIL: escaped(admin.email) },
      ...writable(environmentAdmin || environmentUrl),
      // A database elsewhere is reached over a network with a way out.
      ...(external.database === undefined ? {} : { networks: templates("server").networks }),
    }),
    glitchtip: glitchtip("glitchtip", web, { ports: [`127.0.0.1:\${GLITCHTIP_PORT:-${server.port}}:${SERVER_PORT}`] }),
    ...(split
      ? { "glitchtip-worker": glitchtip("glitchtip-worker", capabilities.worker, workerHealth(capabilities.worker)) }
      : {}),
    ...provisionServices(declaration, templates, provisioner, addresses, {
      ...writable(environmentAdmin),
      depends_on: {
        ...(templates("glitchtip-provision").depends_on as object),
        ...(split ? { "glitchtip-worker": STARTED } : {}),
      },
    }),
  };

  const { environment, ...shared } = templates("server");
  return {
    everyService: templates("every-service"),
    server: {
      ...shared,
      image: withDefault(shared.image, imageOf(server)),
      secrets: serverSecrets(shared, external),
      ...writable(environmentUrl),
    },
    environment: {
      ...databaseVariables(environment as Record<string, string>, external),
      GLITCHTIP_DOMAIN: addresses.public,
      DEFAULT_FROM_EMAIL: escaped(admin.email) ?? "",
      ENABLE_USER_REGISTRATION: String(server.registration === "open"),
      ...Object.fromEntries(
        capabilities.valkeyVariables.map((name) =>
          external.valkey === undefined
            ? [name, valkey ? VALKEY_URL : ""]
            : [`${name}_FILE`, "/run/secrets/glitchtip_valkey_url"],
        ),
      ),
    },
    services,
  };
}

/** The declared image, in place of the template's. */
export const withPostgres = (template: ComposeService, server: Declaration["server"]): ComposeService =>
  server.postgres === undefined ? template : { ...template, image: withDefault(template.image, postgresImage(server)) };

function databaseService(template: ComposeService, server: Declaration["server"]): ComposeService {
  if (server.postgres === undefined) return template;
  const PGDATA = dataFolder(postgresImage(server));
  return {
    ...withPostgres(template, server),
    ...(PGDATA === undefined ? {} : { environment: { ...(template.environment as object), PGDATA } }),
    volumes: (template.volumes as string[]).map((line) => line.replace(/^glitchtip-db(?=:)/, postgresVolume(server))),
  };
}

type Own = ReturnType<typeof ownServices>;

const serverSecrets = ({ secrets }: ComposeService, { database, valkey }: Own): string[] => [
  ...(secrets as string[]).map((name) =>
    name === "glitchtip_db_password" && database !== undefined ? "glitchtip_database_url" : name,
  ),
  ...(valkey === undefined ? [] : ["glitchtip_valkey_url"]),
];

/** DATABASE_HOST and its family would win over an address. */
function databaseVariables(environment: Record<string, string>, { database }: Own): Record<string, string> {
  if (database === undefined) return environment;
  const others = Object.entries(environment).filter(([name]) => !name.startsWith("DATABASE_"));
  return { DATABASE_URL_FILE: "/run/secrets/glitchtip_database_url", ...Object.fromEntries(others) };
}

function workerHealth({ aliveFile }: Role): ComposeService {
  if (aliveFile === undefined) return {};
  const { path, aliveForS } = aliveFile;
  const script = `import os, sys, time; sys.exit(time.time() - os.path.getmtime('${path}') > ${aliveForS})`;
  return {
    healthcheck: {
      test: ["CMD", "python", "-c", script],
      interval: "30s",
      timeout: "5s",
      retries: 3,
      start_period: "60s",
      start_interval: "1s",
    },
  };
}
