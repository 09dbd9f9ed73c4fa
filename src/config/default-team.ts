/** Of a project that names none and has to be made. */
export const DEFAULT_TEAM = "developers";
