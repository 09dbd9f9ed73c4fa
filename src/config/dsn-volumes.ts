/** The volume with the provisioner's status. Earlier versions kept the DSNs of all apps in it, and every app mounted it. */
export const DSN_VOLUME = "glitchtip-dsn";

/** The folder on which the provisioner mounts the volume with the status, and an app the volume with its own DSN. */
export const DSN_DIR = "/run/glitchtip";

/** Returns the volume with the DSN of one app, which no other app mounts. */
export const dsnVolume = (app: string): string => `${DSN_VOLUME}-${app}`;

/** Returns the folder of one app's DSN below the provisioner's folder; in the stack its volume is mounted there. */
export const dsnFolder = (folder: string, app: string): string => `${folder}/apps/${app}`;

/** Returns the env file of one app below the provisioner's folder. */
export const dsnFile = (folder: string, app: string): string => `${dsnFolder(folder, app)}/${app}.env`;

/** Returns the env file of one app in its own container. */
export const dsnFileInApp = (app: string): string => `${DSN_DIR}/${app}.env`;
