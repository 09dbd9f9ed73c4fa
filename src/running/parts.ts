import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import type { Declaration } from "../config/schema.ts";
import { ownServices } from "../config/server.ts";
import {
  BACKUP_SERVICE,
  CARE_SERVICE,
  DATABASE_TOOLS,
  INIT,
  PROVISIONER,
  PROXY,
  SERVER,
  SERVICE_API,
  VALKEY,
  WORKER,
} from "../stack/service-names.ts";
import { databaseOf, isSingleContainer, type RunningStack } from "./observe.ts";

/** The parts of GlitchTip, and the names that people use for each. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  web: ["web", "server", "app"],
  worker: ["worker", "celery", "beat"],
  database: ["db", "database", "postgres", "pgsql"],
  valkey: ["valkey", "redis"],
  init: ["init", "migrate"],
  provisioner: ["provision", "provisioner"],
  proxy: ["proxy", "caddy"],
  backup: ["backup"],
  care: ["care"],
  service: ["service", "serve", "api"],
};

type Services = RunningStack["config"]["services"];

/** The service in which a part of GlitchTip runs; undefined when this stack has none. */
export function serviceOfPart(services: Services, declaration: Declaration, part: string): string | undefined {
  const { database, valkey } = ownServices(declaration.server);
  const candidates: Readonly<Record<string, readonly (string | undefined)[]>> = {
    web: [SERVER],
    // Without a service of its own the worker runs in the web process.
    worker: [WORKER, SERVER],
    database: database === undefined ? [databaseOf(services)] : [database.service],
    valkey: valkey === undefined ? [VALKEY, serverIfSingleWith(services, "VALKEY_URL")] : [valkey.service],
    init: [INIT, serverIfSingleWith(services, "POSTGRES_PASSWORD_FILE")],
    provisioner: [PROVISIONER],
    proxy: [PROXY],
    backup: [BACKUP_SERVICE],
    care: [CARE_SERVICE],
    service: [SERVICE_API],
  };
  return candidates[part]?.find((name) => name !== undefined && services[name] !== undefined);
}

const serverIfSingleWith = (services: Services, variable: string): string | undefined =>
  isSingleContainer(services) && services[SERVER]?.environment?.[variable] ? SERVER : undefined;

/** The name of a part under the supervisor of the single container; undefined in other stacks. */
export function programInside(services: Services, name: string): string | undefined {
  if (!isSingleContainer(services) || name === SERVER) return undefined;
  const part = Object.keys(PARTS).find((one) => PARTS[one]?.includes(name));
  return { web: "web", worker: "worker", database: "postgres", valkey: "valkey", init: "init" }[part ?? ""];
}

/** Finds a service by its own name, or by what people call a part of GlitchTip. Throws GC1104. */
export function serviceNamed(services: Services, declaration: Declaration, name: string): string {
  if (services[name] !== undefined) return name;
  const part = Object.keys(PARTS).find((one) => PARTS[one]?.includes(name));
  const found = part && serviceOfPart(services, declaration, part);
  if (found !== undefined) return found;
  const parts = Object.keys(PARTS).filter((one) => serviceOfPart(services, declaration, one) !== undefined);
  const known = [...Object.keys(services), ...parts.flatMap((one) => PARTS[one] ?? [])];
  const why = part === undefined ? "" : `: this stack has no ${part}`;
  throw new CodedError("GC1104", `there is no service ${name}${why}${didYouMean(name, known)}`, {
    remedy: `There are: ${Object.keys(services).join(", ")}.`,
  });
}

/** The service that has psql: the database's own, or the one with the tools for a database elsewhere. Throws GC1104. */
export function databaseService(services: Services): string {
  const found = databaseOf(services) ?? (services[DATABASE_TOOLS] && DATABASE_TOOLS);
  if (found !== undefined) return found;
  throw new CodedError("GC1104", "no service of this stack has psql, because its database is elsewhere", {
    remedy: "Declare backup.schedule, which brings one along, or use psql where the database is.",
  });
}
