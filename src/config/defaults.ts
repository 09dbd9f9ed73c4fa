/** GlitchTip's image where the declaration names none. */
export const DEFAULT_IMAGE = "glitchtip/glitchtip:6";

/** The image of the stack's Postgres. docs/development.md lists what has to follow another major. */
export const DEFAULT_POSTGRES_IMAGE = "postgres:18";

/** The team of a new project whose declaration names none. */
export const DEFAULT_TEAM = "developers";

/** The label of the keys that the provisioner makes, whose DSNs the apps of the stack use. */
export const KEY_LABEL = "glitchtip-compose";
