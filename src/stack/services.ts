import { escaped } from "../compose/interpolate.ts";
import type { ComposeService, Dependency } from "../compose/model.ts";
import { needsContainer } from "../config/app-sources.ts";
import {
  DATABASE_RUN_DIR,
  DATABASE_RUN_FILE,
  DATABASE_RUN_VARIABLE,
  DATABASE_RUN_VOLUME,
} from "../config/database-run.ts";
import { PROVES_WORKER_VARIABLE } from "../config/defaults.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import { secretFile } from "../config/secret-volumes.ts";
import { imageOf, ownServices, publicPath, type ResolvedServer, superuserOf } from "../config/server.ts";
import { type Capabilities, SERVER_PORT, type ServerRole } from "../glitchtip/versions.ts";
import { databaseVariables, postgresService, serverSecrets, withDefault } from "./data-services.ts";
import type { BundledStack, ProvisionerSource, StackService } from "./model.ts";
import { provisionServices } from "./provision-service.ts";
import { DATABASE, INIT, PROVISIONER, SERVER, VALKEY, WORKER } from "./service-names.ts";
import type { ComposeTemplates } from "./templates.ts";

const VALKEY_URL = `redis://${VALKEY}:6379/0`;
const HEALTHY: Dependency = { condition: "service_healthy", required: false };
const STARTED: Dependency = { condition: "service_started", required: false };
const RUN_MOUNT = `${DATABASE_RUN_VOLUME}:${DATABASE_RUN_DIR}`;

/** Returns where each audience reaches the server; Compose fills in what only it knows. */
export function addressesOf({ url, port }: Declaration["server"]): Readonly<Record<Audience, string>> {
  const published = `\${GLITCHTIP_PORT:-${port}}`;
  return {
    container: `http://${SERVER}:${SERVER_PORT}`,
    // Programs of the host use a declared address, too.
    host: escaped(url) ?? `http://127.0.0.1:${published}`,
    public: escaped(url) ?? `http://localhost:${published}`,
  };
}

/** Returns GlitchTip's services for a declaration. */
export function bundledStack(
  declaration: Declaration,
  resolved: ResolvedServer,
  templates: ComposeTemplates,
  provisioner: ProvisionerSource,
): BundledStack {
  const { server } = declaration;
  const { capabilities, topology } = resolved;
  const external = ownServices(server);
  const isSplit = topology === "split" || capabilities.allInOne === undefined;
  const bundlesValkey = resolved.valkey && external.valkey === undefined;
  const glitchtip = glitchtipServices(declaration, resolved, templates);
  const namesRun = namesDatabaseRun(declaration, resolved);
  const web = isSplit ? capabilities.web : (capabilities.allInOne ?? capabilities.web);

  const services: Record<string, StackService> = {
    ...(external.database === undefined
      ? { [DATABASE]: { own: postgresService(templates(DATABASE), server), fromServer: false } }
      : {}),
    ...(bundlesValkey ? { [VALKEY]: { own: templates(VALKEY), fromServer: false } } : {}),
    [INIT]: glitchtip(INIT, undefined, {
      environment: {
        GLITCHTIP_ADMIN_EMAIL: escaped(superuserOf(declaration).email),
        ...(namesRun ? { [DATABASE_RUN_VARIABLE]: DATABASE_RUN_FILE } : {}),
      },
      ...(namesRun ? { volumes: [...(templates("server").volumes ?? []), RUN_MOUNT] } : {}),
      // The network of the database has no way out to one that runs elsewhere.
      ...(external.database === undefined ? {} : { networks: templates("server").networks }),
    }),
    [SERVER]: glitchtip(SERVER, web, { ports: [`127.0.0.1:\${GLITCHTIP_PORT:-${server.port}}:${SERVER_PORT}`] }),
    ...(isSplit ? { [WORKER]: glitchtip(WORKER, capabilities.worker, workerHealth(capabilities.worker)) } : {}),
    ...provisionServices(declaration, templates, provisioner, addressesOf(server), {
      depends_on: { ...templates(PROVISIONER).depends_on, ...(isSplit ? { [WORKER]: STARTED } : {}) },
      ...(namesRun
        ? { environment: { [DATABASE_RUN_VARIABLE]: DATABASE_RUN_FILE }, volumes: [`${RUN_MOUNT}:ro`] }
        : mayStopStoring(resolved)
          ? { environment: { [PROVES_WORKER_VARIABLE]: "true" } }
          : {}),
    }),
  };

  const { environment: _, ...shared } = templates("server");
  return {
    everyService: templates("every-service"),
    server: {
      ...shared,
      image: withDefault(shared.image, imageOf(server)),
      secrets: serverSecrets(shared, external),
    },
    environment: serverEnvironment(declaration, resolved, templates),
    services,
  };
}

/** Returns a function that makes a service with GlitchTip's image from its template. */
function glitchtipServices({ server }: Declaration, resolved: ResolvedServer, templates: ComposeTemplates) {
  const { valkey } = resolved;
  const external = ownServices(server);
  // Without Valkey its worker takes jobs after a restart of the database and never ends one (docs/sizing.md).
  const stopsWithDatabase = mayStopStoring(resolved) && external.database === undefined;
  const users = Object.values(external).flatMap(({ service }) => service ?? []);
  // A YAML merge would replace the lists of the shared keys, so they are joined here.
  const shared = { volumes: templates("server").volumes ?? [], secrets: serverSecrets(templates("server"), external) };
  return (
    name: typeof INIT | typeof SERVER | typeof WORKER,
    role: ServerRole | undefined,
    more: ComposeService,
  ): StackService => {
    const { depends_on = {}, volumes, secrets, ...template } = templates(name);
    const links = Object.entries(depends_on).filter(([other]) => other !== DATABASE || !external.database);
    const own: ComposeService = {
      ...template,
      ...(role === undefined ? {} : { command: role.command, environment: role.environment }),
      ...(volumes === undefined ? {} : { volumes: [...shared.volumes, ...volumes] }),
      ...(secrets === undefined ? {} : { secrets: [...shared.secrets, ...secrets] }),
      ...more,
      depends_on: {
        ...Object.fromEntries(links),
        ...(name === WORKER && stopsWithDatabase ? { [DATABASE]: { ...HEALTHY, restart: true } } : {}),
        ...(valkey && external.valkey === undefined ? { [VALKEY]: HEALTHY } : {}),
        ...Object.fromEntries(users.map((service) => [service, STARTED])),
      },
    };
    return { own, fromServer: true };
  };
}

/** Whether the worker may take jobs without storing their events: only an event that is read back tells. */
const mayStopStoring = ({ valkey, capabilities }: ResolvedServer): boolean =>
  !valkey && capabilities.losesEventsWithoutValkey === true;

/**
 * Whether glitchtip-init names the database's run for the provisioner, which then proves the worker once for each run instead
 * of at each `up`. Only a superuser of the database sees all of its starts, and a single container has no glitchtip-init.
 */
export const namesDatabaseRun = (declaration: Declaration, resolved: ResolvedServer): boolean =>
  mayStopStoring(resolved) &&
  resolved.topology !== "single-container" &&
  ownServices(declaration.server).database === undefined &&
  needsContainer(declaration);

function serverEnvironment(
  declaration: Declaration,
  { capabilities, valkey }: ResolvedServer,
  templates: ComposeTemplates,
): Readonly<Record<string, string>> {
  const { server } = declaration;
  const external = ownServices(server);
  return {
    ...databaseVariables(templates("server").environment ?? {}, external),
    GLITCHTIP_DOMAIN: addressesOf(server).public,
    ...publicAddressVariables(declaration, capabilities),
    DEFAULT_FROM_EMAIL: escaped(superuserOf(declaration).email),
    ENABLE_USER_REGISTRATION: String(server.registration === "open"),
    ...Object.fromEntries(
      capabilities.valkeyVariables.map((name) =>
        external.valkey === undefined
          ? [name, valkey ? VALKEY_URL : ""]
          : [`${name}_FILE`, secretFile("glitchtip_valkey_url")],
      ),
    ),
  };
}

/** Returns what GlitchTip has to know of its public address beside the address itself. */
function publicAddressVariables(
  { server, production }: Declaration,
  { basePathVariable }: Capabilities,
): Readonly<Record<string, string>> {
  const path = publicPath(server);
  const { protocol, origin } = new URL(server.url ?? "http://localhost");
  return {
    ...(path === "" || basePathVariable === undefined ? {} : { [basePathVariable]: String(escaped(path)) }),
    // What takes HTTPS in front speaks plain HTTP with it, so Django would refuse forms from its own pages.
    ...(protocol === "https:" && production === undefined
      ? { CSRF_TRUSTED_ORIGINS: [origin, `http://${SERVER}:${SERVER_PORT}`].join(",") }
      : {}),
  };
}

function workerHealth({ aliveFile }: ServerRole): ComposeService {
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
