/** The names that the generator gives to the services of the stack. */
export const SETUP = "glitchtip-setup";
export const SERVER = "glitchtip";
export const WORKER = "glitchtip-worker";
export const DATABASE = "glitchtip-db";
export const VALKEY = "glitchtip-valkey";
export const INIT = "glitchtip-init";
export const PROVISIONER = "glitchtip-provision";
export const PROXY = "glitchtip-proxy";
export const BACKUP_SERVICE = "glitchtip-backup";
/** Has psql and pg_dump for a database that is not in the stack. */
export const DATABASE_TOOLS = "glitchtip-backup-db";
export const CARE_SERVICE = "glitchtip-care";
/** The reconcile service: the API, the workers, the watch and their queue. */
export const SERVICE_API = "glitchtip-service";
export const SERVICE_WORKER = "glitchtip-service-worker";
export const SERVICE_WATCH = "glitchtip-service-watch";
export const SERVICE_QUEUE = "glitchtip-service-queue";
export const BUSYBOX = "glitchtip-busybox";
/** The path of the provisioner's program in its container. */
export const PROVISIONER_PROGRAM = "/opt/glitchtip-compose/provisioner.mjs";
/** Has no container: it depends on the one-shots, so that `up --wait` knows that they are to end. */
export const READY = "glitchtip-ready";

/** GlitchTip's own network, with a way out. No app is in it. */
export const NETWORK = "glitchtip";
/** The network on which apps meet GlitchTip; further groups of apps have one each, and its name begins with this one. */
export const APPS_NETWORK = "glitchtip-apps";
/** The network of GlitchTip and its database. */
export const DATABASE_NETWORK = "glitchtip-db";

/** The network of the reconcile service and its queue. */
export const SERVICE_NETWORK = "glitchtip-service";

/** Services that run once and end. */
export const ONE_SHOTS: readonly string[] = [SETUP, INIT, PROVISIONER, BUSYBOX];
/** The order in which the services start. */
export const START_ORDER: readonly string[] = [
  SETUP,
  DATABASE,
  VALKEY,
  INIT,
  SERVER,
  WORKER,
  PROVISIONER,
  BUSYBOX,
  PROXY,
];

/** Whether a network of the Compose project belongs to the stack; false for the user's own. */
export const isStackNetwork = (network: string): boolean => network === NETWORK || network.startsWith(`${NETWORK}-`);

/** Whether a service of the Compose project belongs to the stack; false for the user's own. */
export const isStackService = (service: string): boolean => service === SERVER || service.startsWith(`${SERVER}-`);
