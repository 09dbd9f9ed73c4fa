/**
 * Where glitchtip-init leaves the name of the database's present run, another one after each start of Postgres, for the
 * provisioner, which cannot ask the database. It names GlitchTip's image, too.
 */
export const DATABASE_RUN_VOLUME = "glitchtip-database-run";
export const DATABASE_RUN_DIR = "/run/glitchtip-database-run";
/** The variable with the path of that file; the setup service, glitchtip-init and the provisioner have it. */
export const DATABASE_RUN_VARIABLE = "GLITCHTIP_DATABASE_RUN_FILE";
export const DATABASE_RUN_FILE = `${DATABASE_RUN_DIR}/run`;
