import { defined } from "../base/defined.ts";
import { givenApps, providedName, providerOf, provisionedApps } from "../config/app-sources.ts";
import { namesOf } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import type { AppStatus, WrittenStatus } from "../outputs/dsn-volume.ts";
import type { RunningStack } from "../running/index.ts";

export interface AppDsnState {
  readonly app: string;
  /** Missing for an app whose DSN the user gives. */
  readonly project?: string;
  /**
   * `proved`: an event went through; `accepted`: only the key was asked for; `none`: the app never got a DSN. For an app
   * whose DSN the user gives: `given`, or `off` where it is empty.
   */
  readonly dsn: AppStatus["dsn"] | "none" | "given" | "off";
  /** For whom a proof holds: the provisioner's events go to the container's address, whatever the variables are for. */
  readonly provedFor?: "container";
  readonly variables: readonly string[];
  /** The page of its project's issues; missing before the provisioner's first run. */
  readonly issues?: string;
  /** The file from which a program outside of Compose reads it. */
  readonly dotenv?: string;
}

/** Returns the apps that get a project's DSN. `provided` tells the state of one whose DSN a Compose provider hands over. */
export function provisionedAppStates(
  declaration: Declaration,
  written: WrittenStatus | undefined,
  options: { provided?(app: string): AppDsnState["dsn"] },
): AppDsnState[] {
  const known = written?.apps ?? {};
  return Object.entries(provisionedApps(declaration)).map(([app, declared]) => ({
    app,
    project: known[app]?.project ?? declared.project,
    dsn: known[app]?.dsn ?? options.provided?.(app) ?? ("none" as const),
    variables: namesOf(declared).map((name) => nameInApp(declaration, app, name)),
    ...defined({
      provedFor: known[app]?.dsn === "proved" ? ("container" as const) : undefined,
      dotenv: declared.dotenv,
    }),
  }));
}

/** Returns the apps whose DSN the user gives. */
export const givenAppStates = (declaration: Declaration, { config }: RunningStack): AppDsnState[] =>
  Object.entries(givenApps(declaration)).map(([app, declared]) => {
    const variables = namesOf(declared);
    const isSet = variables.some((name) => config.services[app]?.environment?.[name]);
    return { app, dsn: isSet ? ("given" as const) : ("off" as const), variables };
  });

/** Returns the name under which the app finds the variable: a Compose provider adds a prefix. */
function nameInApp(declaration: Declaration, app: string, variable: string): string {
  const provider = providerOf(declaration, app);
  return provider === undefined ? variable : providedName(provider, variable);
}

/** Returns what to type for apps without a DSN. Plain Compose writes no dotenv file, so a program needs our own `up`. */
export function missingDsns(apps: readonly AppDsnState[]): string[] {
  const without = apps.filter(({ dsn }) => dsn === "none");
  const services = without.flatMap(({ app, dotenv }) => (dotenv === undefined ? [app] : []));
  const programs = without.flatMap(({ app, dotenv }) => (dotenv === undefined ? [] : [`${app} in ${dotenv}`]));
  const line = (names: readonly string[], how: string) =>
    names.length === 0 ? [] : [`no DSN yet for ${names.join(", ")}: ${how}`];
  return [
    ...line(services, "npx glitchtip-compose init, then docker compose up -d --wait"),
    ...line(programs, "npx glitchtip-compose up"),
  ];
}
