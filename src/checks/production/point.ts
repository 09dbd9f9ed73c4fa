import type { ComposeConfig, ComposeService } from "../../docker/index.ts";
import type { Backlog, RunningStack } from "../../running/index.ts";
import { isStackService } from "../../stack/service-names.ts";
import type { Workspace } from "../../workspace/index.ts";
import type { Asked, Front, ServedCertificate } from "./served.ts";

/** All that the points look at, looked up once. What could not be looked at is missing. */
export interface Seen {
  readonly project: Workspace;
  readonly shell: Readonly<Record<string, string | undefined>>;
  readonly config?: ComposeConfig;
  /** Undefined while nothing runs. */
  readonly stack?: RunningStack;
  /** By service: Compose's mark of what the files say now. */
  readonly hashes?: ReadonlyMap<string, string>;
  readonly backlog?: Backlog;
  readonly front?: Front;
  readonly certificate?: ServedCertificate;
  /** Plain http, GlitchTip's settings by https, a body just over the limit. */
  readonly asked?: { readonly http: Asked; readonly https: Asked; readonly tooLarge: Asked };
}

export interface Verdict {
  readonly state: "pass" | "fail" | "unknown";
  readonly reason: string;
  /** What to type or change; for anything that did not pass. */
  readonly remedy?: string;
}

/** One line of the hardening table: docs/production.md has the same. */
export interface HardeningPoint {
  readonly id: string;
  readonly what: string;
  readonly how: string;
  check(seen: Seen): Verdict;
}

export const pass = (reason: string): Verdict => ({ state: "pass", reason });
export const fail = (reason: string, remedy: string): Verdict => ({ state: "fail", reason, remedy });
export const unknown = (reason: string, remedy: string): Verdict => ({ state: "unknown", reason, remedy });

export const START = "docker compose up -d --wait";

/** Whichever container or program it is. */
export const RESTART_WORKER = "npx glitchtip-compose restart worker";

/** After a change of the declaration. */
export const THEN = "then: npx glitchtip-compose init, docker compose up -d --wait";

export const notRead = unknown("Compose could not read the files", "npx glitchtip-compose doctor tells why.");
export const notRunning = unknown("the stack is not running", START);

/** Of what Compose makes of all files: a point that has to hold for each of our services, with those where it does not. */
export function forEachService(
  { config }: Seen,
  broken: (service: ComposeService, name: string) => string | undefined,
  good: string,
  remedy: string,
): Verdict {
  if (config === undefined) return notRead;
  const found = Object.entries(config.services)
    .filter(([name]) => isStackService(name))
    .flatMap(([name, service]) => {
      const what = broken(service, name);
      return what === undefined ? [] : [`${name} ${what}`];
    });
  return found.length === 0 ? pass(good) : fail(found.join(", "), remedy);
}

/** A variable of GlitchTip's web container, as Compose hands it over. */
export const variable = ({ config }: Seen, name: string): string =>
  config?.services.glitchtip?.environment?.[name] ?? "";
