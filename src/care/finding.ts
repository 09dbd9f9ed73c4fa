import type { CareSettings } from "../config/service-settings.ts";
import type { NotifyEvent } from "./notify/notice.ts";

/** The result of looking at one thing. */
export interface CareFinding {
  readonly event: NotifyEvent;
  /** A service, a disk or a domain: with the event it identifies what was looked at. */
  readonly about: string;
  /** Undefined where all is well. */
  readonly problem?: string;
  /** What to type. */
  readonly remedy?: string;
  /** Number of consecutive looks that have to find the problem before anybody is told. Default: 1. */
  readonly patience?: number;
}

/** Patience with a service that does not answer. */
export const UNHEALTHY_AFTER_LOOKS = 3;

const CONTAINERS = {
  database: "glitchtip-db",
  valkey: "glitchtip-valkey",
  web: "glitchtip",
  worker: "glitchtip-worker",
} as const;
/** Names of the programs that the supervisor of the single container runs. */
const PROGRAMS = { database: "postgres", valkey: "valkey", web: "web", worker: "worker" } as const;

/** Returns the names by which messages call the parts of GlitchTip. */
export const partsOf = ({ database }: Pick<CareSettings, "database">): typeof CONTAINERS | typeof PROGRAMS =>
  database === "inside" ? PROGRAMS : CONTAINERS;

const programs: readonly string[] = Object.values(PROGRAMS);

/** Returns the command that shows the last log lines of a part or of another service. */
export const logsCommand = (about: string): string =>
  programs.includes(about) ? `npx glitchtip-compose logs ${about}` : `docker compose logs --tail 50 ${about}`;
