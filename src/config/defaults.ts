/** GlitchTip's image where the declaration names none. */
export const DEFAULT_IMAGE = "glitchtip/glitchtip:6";

/** The image of the stack's Postgres. docs/development.md lists what has to follow another major. */
export const DEFAULT_POSTGRES_IMAGE = "postgres:18";

/** The team of a new project whose declaration names none. */
export const DEFAULT_TEAM = "developers";

/** The label of the keys that the provisioner makes, whose DSNs the apps of the stack use. */
export const KEY_LABEL = "glitchtip-compose";

/** The provisioner's variable: `true` proves the worker by a real event, also where every DSN was proved before. */
export const PROVES_WORKER_VARIABLE = "GLITCHTIP_PROVES_WORKER";
