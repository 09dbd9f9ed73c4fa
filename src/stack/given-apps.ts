import { type GivenApp, givenApps } from "../config/app-sources.ts";
import { namesOf } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import { ENV_FOLDER, found, handedOn } from "./apps.ts";
import { escaped } from "./interpolate.ts";
import type { ComposeService, UserProject } from "./model.ts";
import { Refusal, throwAll } from "./refusal.ts";

/**
 * The lines of apps whose DSN the user gives. What is in a variable Compose puts in itself, and nothing at all is an
 * empty DSN: every SDK then starts and sends nothing. No wrapper, so an image needs no shell; the DSN stands in the
 * container's environment, as it does wherever people set it by hand.
 */
export function overlayGivenApps(
  declaration: Declaration,
  user: UserProject,
): { readonly services: Record<string, ComposeService>; readonly warnings: readonly string[] } {
  const services: Record<string, ComposeService> = {};
  const refusals: Refusal[] = [];
  const warnings: string[] = [];
  for (const [name, app] of Object.entries(givenApps(declaration))) {
    try {
      const service = found(name, user);
      if (service.provider) throw new Refusal("GC1109", `service ${name} is a provider: a program, no container`);
      services[name] = overlay(name, app);
      for (const variable of namesOf(app).filter((one) => service.environment.includes(one))) {
        warnings.push(`service ${name} sets ${variable} itself; apps.${name}.dsn wins over it, also where it is empty`);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error);
    }
  }
  throwAll(refusals);
  return { services, warnings };
}

function overlay(name: string, app: GivenApp): ComposeService {
  const value = interpolated(app.dsn);
  if (value === undefined) {
    const environment = handedOn(app);
    return {
      ...(Object.keys(environment).length === 0 ? {} : { environment }),
      env_file: [{ path: `./${ENV_FOLDER}/${name}.env`, required: false }],
    };
  }
  return { environment: { ...Object.fromEntries(namesOf(app).map((one) => [one, value])), ...handedOn(app) } };
}

const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;
const variableOf = (reference: string): string | undefined => VARIABLE.exec(reference)?.[1];

/** As Compose fills it in; undefined where something in it stands elsewhere than in a variable that Compose knows. */
export function interpolated(dsn: GivenApp["dsn"]): string | undefined {
  if (typeof dsn === "string") {
    const name = variableOf(dsn);
    return name === undefined ? undefined : `\${${name}:-}`;
  }
  const key = variableOf(dsn.key);
  const project = String(dsn.projectId);
  const projectId = /^\d+$/.test(project) ? undefined : variableOf(project);
  if (key === undefined || (projectId === undefined && !/^\d+$/.test(project))) return undefined;
  const { protocol, host, pathname } = new URL(dsn.url);
  const start = `${protocol}//\${${key}}@${escaped(host + pathname.replace(/\/+$/, ""))}/`;
  // A DSN without its key or its project is none: an SDK would refuse it and with it the app's start.
  const whole = projectId === undefined ? start + project : `\${${projectId}:+${start}\${${projectId}}}`;
  return `\${${key}:+${whole}}`;
}
