import type { ComposeService, UserProject } from "../compose/model.ts";
import { dataFolder, postgresImage, postgresVolume } from "../config/postgres.ts";
import { memoryMebibytes } from "../config/schema/production.ts";
import type { Declaration } from "../config/schema.ts";
import { secretFile } from "../config/secret-volumes.ts";
import { bundlesValkey, ownServices, type ResolvedServer } from "../config/server.ts";
import type { SecretSource } from "./model.ts";
import { secretBy } from "./provision-service.ts";
import { DATABASE, DATABASE_NETWORK, VALKEY } from "./service-names.ts";
import { eachService, networksWith, Refusal, userService } from "./user-services.ts";

type Server = Declaration["server"];
type OwnServices = ReturnType<typeof ownServices>;

/** Replaces the default in `${NAME:-default}`. */
export const withDefault = (reference: string | undefined, value: string): string =>
  String(reference).replace(/:-[^}]*\}/, () => `:-${value.replaceAll("$", "$$$$")}}`);

/** Returns a template of Postgres with the declared image. */
export const withPostgresImage = (template: ComposeService, server: Server): ComposeService =>
  server.postgres === undefined ? template : { ...template, image: withDefault(template.image, postgresImage(server)) };

/** Returns the service of the stack's Postgres. */
export function postgresService(template: ComposeService, server: Server): ComposeService {
  return {
    ...withPostgresImage(template, server),
    environment: { ...template.environment, PGDATA: dataFolder(postgresImage(server)) },
    volumes: template.volumes?.map((line) =>
      typeof line === "string" ? line.replace(/^glitchtip-db(?=:)/, postgresVolume(server)) : line,
    ),
  };
}

/** Returns the secrets that GlitchTip's containers mount: those of the template, or the address of the user's services. */
export const serverSecrets = (
  { secrets = [] }: ComposeService,
  { database, valkey }: OwnServices,
): NonNullable<ComposeService["secrets"]> => [
  ...secrets.map((name) =>
    name === "glitchtip_db_password" && database !== undefined ? "glitchtip_database_url" : name,
  ),
  ...(valkey === undefined ? [] : ["glitchtip_valkey_url"]),
];

/** Returns the secrets of the stack's data, the server's own ones and the administrator's. */
export function dataSecrets({ admin, server }: Declaration): Record<string, SecretSource> {
  const made: SecretSource = { made: true };
  const own = ownServices(server);
  return {
    glitchtip_admin_password: admin?.password === undefined ? made : secretBy(admin.password),
    ...(own.database === undefined
      ? { glitchtip_db_password: made }
      : { glitchtip_database_url: secretBy(own.database.url) }),
    ...(own.valkey === undefined ? {} : { glitchtip_valkey_url: secretBy(own.valkey.url) }),
    glitchtip_secret_key: made,
  };
}

/** Returns the environment without DATABASE_HOST and its kin, which would win over the address of the user's database. */
export function databaseVariables(
  environment: Readonly<Record<string, string>>,
  { database }: OwnServices,
): Readonly<Record<string, string>> {
  if (database === undefined) return environment;
  const others = Object.entries(environment).filter(([name]) => !name.startsWith("DATABASE_"));
  return { DATABASE_URL_FILE: secretFile("glitchtip_database_url"), ...Object.fromEntries(others) };
}

/** A Valkey that writes its queue to a volume: accepted events wait there for the worker and must outlive the process. */
const DURABLE_VALKEY: ComposeService = {
  command: ["valkey-server", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"],
  tmpfs: ["/tmp"],
  volumes: [`${VALKEY}:/data`],
};

/** `mem_limit` in templates/compose/glitchtip-valkey.yaml. */
const DEFAULT_VALKEY_MEMORY = "128m";

/**
 * Returns Valkey's `maxmemory`. It is half of the container's limit: while Valkey rewrites its append-only file, its fork
 * holds a second copy of what changes meanwhile (at 5/8 the engine killed it under load).
 */
export const valkeyMaxMemory = ({ limits }: Pick<Declaration, "limits">): string =>
  `${Math.floor(memoryMebibytes(limits?.valkey?.memory ?? DEFAULT_VALKEY_MEMORY) / 2)}mb`;

/** Returns what the operator declares of Postgres, and how Valkey keeps its queue: a full one refuses what comes. */
export function dataSettings(
  service: string,
  template: ComposeService,
  declaration: Declaration,
  server: ResolvedServer,
): ComposeService {
  const { postgres } = declaration;
  if (service === VALKEY) {
    const settings = keepsQueue(declaration, server) ? DURABLE_VALKEY : { command: template.command };
    const bounds = ["--maxmemory", valkeyMaxMemory(declaration), "--maxmemory-policy", "noeviction"];
    return { ...settings, command: [...(settings.command ?? []), ...bounds] };
  }
  if (service !== DATABASE || postgres === undefined) return {};
  const settings = Object.entries(postgres).filter(([, value]) => value !== undefined);
  return { command: ["postgres", ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])] };
}

/** Whether the queue is kept on disk: in production, and where a generation has Valkey so that no event is lost. */
const keepsQueue = ({ production }: Declaration, { capabilities }: ResolvedServer): boolean =>
  production !== undefined || bundlesValkey(capabilities);

/** Whether the stack's Valkey has a volume. */
export const hasValkeyVolume = (declaration: Declaration, server: ResolvedServer): boolean =>
  keepsQueue(declaration, server) &&
  server.valkey &&
  server.topology !== "single-container" &&
  ownServices(declaration.server).valkey === undefined;

/** Lets a database or Valkey that is a service of the user's join the network where GlitchTip looks for it. */
export function overlayOwnServices(
  own: OwnServices,
  user: UserProject,
  apps: Readonly<Record<string, ComposeService>>,
): { readonly services: Record<string, ComposeService>; readonly warnings: string[] } {
  const services: Record<string, ComposeService> = {};
  const names = Object.values(own).flatMap(({ service }) => service ?? []);
  eachService(names, (name) => {
    const service = userService(name, user);
    if (service.networkMode !== undefined) {
      throw new Refusal(
        "GC1109",
        `service ${name} has network_mode: ${service.networkMode}; GlitchTip needs it on a network`,
      );
    }
    const joined = apps[name]?.networks;
    const networks = joined === undefined ? networksWith(service, DATABASE_NETWORK) : [...joined, DATABASE_NETWORK];
    services[name] = { ...apps[name], networks };
  });
  const warnings = Object.keys(services).map(
    (name) => `service ${name} joins GlitchTip's network: the next up recreates its container`,
  );
  return { services, warnings };
}
