import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { ownServices } from "../config/own-service.ts";
import type { Declaration } from "../config/schema.ts";
import type { Container } from "../docker/index.ts";
import { DATABASE_TOOLS } from "./database-shell.ts";
import {
  containerOf,
  databaseOf,
  INIT,
  isSingle,
  PROVISIONER,
  PROXY,
  type RunningStack,
  SERVER,
  VALKEY,
  WORKER,
} from "./running-stack.ts";

/** What people call the parts of GlitchTip, by the words they have for them. */
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
};

export type Part = keyof typeof PARTS;

type Services = RunningStack["config"]["services"];

/** The service in which a part of GlitchTip runs; undefined where this stack has none. */
export function serviceOfPart(services: Services, declaration: Declaration, part: Part): string | undefined {
  const { database, valkey } = ownServices(declaration.server);
  const candidates: Readonly<Record<string, readonly (string | undefined)[]>> = {
    web: [SERVER],
    // All in one process where there is no service for it.
    worker: [WORKER, SERVER],
    database: database === undefined ? [databaseOf(services)] : [database.service],
    valkey: valkey === undefined ? [VALKEY, insideWith(services, "VALKEY_URL")] : [valkey.service],
    init: [INIT, insideWith(services, "POSTGRES_PASSWORD_FILE")],
    provisioner: [PROVISIONER],
    proxy: [PROXY],
    backup: ["glitchtip-backup"],
    care: ["glitchtip-care"],
  };
  return candidates[part]?.find((name) => name !== undefined && services[name] !== undefined);
}

const insideWith = (services: Services, variable: string): string | undefined =>
  isSingle(services) && services[SERVER]?.environment?.[variable] ? SERVER : undefined;

/** The name of a part under the supervisor of the single container, where there is one. */
export function programInside(services: Services, name: string): string | undefined {
  if (!isSingle(services) || name === SERVER) return undefined;
  const part = Object.keys(PARTS).find((one) => PARTS[one]?.includes(name));
  return { web: "web", worker: "worker", database: "postgres", valkey: "valkey", init: "init" }[part ?? ""];
}

/** By a service's name, or by what people call a part of GlitchTip. */
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

/** The running container of a service. */
export function runningOf(stack: RunningStack, service: string): Container {
  const found = containerOf(stack, service);
  if (found?.state === "running") return found;
  const state = found === undefined ? "it has no container" : `${found.state}, exit code ${found.exitCode}`;
  throw new CodedError("GC1605", `${service} is not running (${state})`, {
    remedy: `docker compose up -d --wait ${service}`,
  });
}

/** Where psql is: beside the server, or in the container that has the tools for a database elsewhere. */
export function databaseService(services: Services): string {
  const found = databaseOf(services) ?? (services[DATABASE_TOOLS] && DATABASE_TOOLS);
  if (found !== undefined) return found;
  throw new CodedError("GC1104", "no service of this stack has psql: its database is not ours", {
    remedy: "Declare backup.schedule, which brings one along, or use psql where the database is.",
  });
}
