import type { CareSettings } from "../config/service-settings.ts";

const CONTAINERS = {
  database: "glitchtip-db",
  valkey: "glitchtip-valkey",
  web: "glitchtip",
  worker: "glitchtip-worker",
} as const;
/** As the supervisor of the single container calls them. */
const PROGRAMS = { database: "postgres", valkey: "valkey", web: "web", worker: "worker" } as const;

/** What the parts of GlitchTip are called in messages. */
export const partsOf = ({ database }: Pick<CareSettings, "database">): typeof CONTAINERS | typeof PROGRAMS =>
  database === "inside" ? PROGRAMS : CONTAINERS;

const programs: readonly string[] = Object.values(PROGRAMS);

/** What to type for the last lines of a part or of another service. */
export const logsOf = (about: string): string =>
  programs.includes(about) ? `npx glitchtip-compose logs ${about}` : `docker compose logs --tail 50 ${about}`;
