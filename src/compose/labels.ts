/** Labels of Compose on what it creates. */
export const PROJECT_LABEL = "com.docker.compose.project";
export const SERVICE_LABEL = "com.docker.compose.service";
export const VOLUME_LABEL = "com.docker.compose.volume";
/** The folder that Compose was started in. Volumes do not have it. */
export const WORKING_DIR_LABEL = "com.docker.compose.project.working_dir";
/** The Compose files that a container was made from, separated by commas. */
export const CONFIG_FILES_LABEL = "com.docker.compose.project.config_files";

/** Our label on the containers and volumes of a stack: the instance id that its workspace remembers. */
export const INSTANCE_LABEL = "glitchtip-compose.instance";
