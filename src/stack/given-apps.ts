import { escaped } from "../compose/interpolate.ts";
import type { ComposeService, UserProject } from "../compose/model.ts";
import { type GivenApp, givenApps } from "../config/app-sources.ts";
import { namesOf } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import { dsnEnvFile, environmentKey, sdkVariables } from "./app-overlay.ts";
import { eachService, Refusal, userService } from "./user-services.ts";

/**
 * Returns the lines of apps with an external DSN. Compose itself fills in a DSN that is in a variable; without a value
 * the DSN is empty, and every SDK then starts and sends nothing. No wrapper is needed, so an image needs no shell. The
 * DSN stands in the container's environment, as it does wherever people set it by hand.
 */
export function overlayGivenApps(
  declaration: Declaration,
  user: UserProject,
): { readonly services: Record<string, ComposeService>; readonly warnings: readonly string[] } {
  const apps = givenApps(declaration);
  const services: Record<string, ComposeService> = {};
  const warnings: string[] = [];
  eachService(Object.keys(apps), (name) => {
    const app = apps[name];
    if (app === undefined) return;
    const service = userService(name, user);
    if (service.provider) throw new Refusal("GC1109", `service ${name} is a provider: a program, no container`);
    services[name] = overlay(name, app);
    for (const variable of namesOf(app).filter((one) => service.environment.includes(one))) {
      warnings.push(`service ${name} sets ${variable} itself; apps.${name}.dsn wins over it, also where it is empty`);
    }
  });
  return { services, warnings };
}

function overlay(name: string, app: GivenApp): ComposeService {
  const dsn = interpolatedDsn(app.dsn);
  if (dsn === undefined) return { ...environmentKey(sdkVariables(app)), env_file: dsnEnvFile(name) };
  return { environment: { ...Object.fromEntries(namesOf(app).map((one) => [one, dsn])), ...sdkVariables(app) } };
}

const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;
const variableOf = (reference: string): string | undefined => VARIABLE.exec(reference)?.[1];

/** Returns a DSN for Compose to fill in, or undefined where a part of it is not in a variable that Compose knows. */
export function interpolatedDsn(dsn: GivenApp["dsn"]): string | undefined {
  if (typeof dsn === "string") {
    const name = variableOf(dsn);
    return name === undefined ? undefined : `\${${name}:-}`;
  }
  const key = variableOf(dsn.key);
  const project = String(dsn.projectId);
  const isNumber = /^\d+$/.test(project);
  const projectVariable = isNumber ? undefined : variableOf(project);
  if (key === undefined || (projectVariable === undefined && !isNumber)) return undefined;
  const { protocol, host, pathname } = new URL(dsn.url);
  const start = `${protocol}//\${${key}}@${escaped(host + pathname.replace(/\/+$/, ""))}/`;
  // An SDK would refuse a DSN without key or project and so keep the app from starting; an empty DSN it accepts.
  const whole =
    projectVariable === undefined ? start + project : `\${${projectVariable}:+${start}\${${projectVariable}}}`;
  return `\${${key}:+${whole}}`;
}
