import type { ComposeConfig, ResolvedService } from "../../compose/model.ts";
import { type Backlog, hasContainers, type RunningStack } from "../../running/index.ts";
import { isStackService } from "../../stack/service-names.ts";
import type { Workspace } from "../../workspace/index.ts";
import type { StoredValues } from "./secret-values.ts";
import type { Asked, Front, ServedCertificate } from "./served.ts";

/** Everything that the points look at, read once. What could not be read is missing. */
export interface ProductionFacts {
  readonly workspace: Workspace;
  readonly shell: Readonly<Record<string, string | undefined>>;
  readonly config?: ComposeConfig;
  /** Missing while nothing runs. */
  readonly stack?: RunningStack;
  /** For each service Compose's hash of what the files say now. */
  readonly hashes?: ReadonlyMap<string, string>;
  readonly backlog?: Backlog;
  /** The secrets that the stack has made, as far as they could be read. */
  readonly made?: StoredValues;
  readonly front?: Front;
  readonly certificate?: ServedCertificate;
  /** Answers to a request by http, to one for GlitchTip's settings by https, and to a body just over the limit. */
  readonly answers?: { readonly http: Asked; readonly https: Asked; readonly tooLarge: Asked };
}

export interface Verdict {
  readonly state: "pass" | "fail" | "unknown";
  readonly reason: string;
  /** What to type or change; missing where the point passed. */
  readonly remedy?: string;
}

/** One row of the hardening table, which docs/production.md has as well. */
export interface HardeningPoint {
  readonly id: string;
  readonly what: string;
  readonly how: string;
  check(seen: ProductionFacts): Verdict;
}

export const passed = (reason: string): Verdict => ({ state: "pass", reason });
export const failed = (reason: string, remedy: string): Verdict => ({ state: "fail", reason, remedy });
export const unknown = (reason: string, remedy: string): Verdict => ({ state: "unknown", reason, remedy });

export const START = "docker compose up -d --wait";

/** Restarts the worker, whether it is a container or a program. */
export const RESTART_WORKER = "npx glitchtip-compose restart worker";

/** What to type after a change of the declaration. */
export const THEN = "then: npx glitchtip-compose init, docker compose up -d --wait";

export const filesNotRead = unknown("Compose could not read the files", "npx glitchtip-compose doctor shows why.");
/** What to type where the declaration has no production yet. */
export const DECLARE_PRODUCTION =
  "Declare production: npx glitchtip-compose init --production --domain errors.example.com";
export const noProxy = unknown("no proxy is declared (no production)", DECLARE_PRODUCTION);
export const stackNotRunning = unknown("the stack is not running", START);

/** Judges a point that has to hold for each service of the stack. The verdict names the services where it does not. */
export function forEachService(
  { config }: ProductionFacts,
  broken: (service: ResolvedService, name: string) => string | undefined,
  good: string,
  remedy: string,
): Verdict {
  if (config === undefined) return filesNotRead;
  const found = Object.entries(config.services)
    .filter(([name, service]) => isStackService(name) && hasContainers(service))
    .flatMap(([name, service]) => {
      const what = broken(service, name);
      return what === undefined ? [] : [`${name} ${what}`];
    });
  return found.length === 0 ? passed(good) : failed(found.join(", "), remedy);
}

/** Returns a variable of GlitchTip's web container, as Compose passes it on. */
export const serverVariable = ({ config }: ProductionFacts, name: string): string =>
  config?.services.glitchtip?.environment?.[name] ?? "";
