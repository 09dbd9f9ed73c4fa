import { randomBytes, randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { retry } from "../base/retry.ts";
import { Secret } from "../base/secret.ts";
import { systemClock } from "../base/wait.ts";
import { secretFile, withoutLineEnd } from "../config/secret-volumes.ts";
import { SERVICE_ROLES, type ServiceRole, type ServiceSettings, serviceSettings } from "../config/service-settings.ts";
import { signToken } from "./auth.ts";
import { serve } from "./serve.ts";
import { SERVICE_NAME, type ServeSettings } from "./settings.ts";

const SETTINGS_FILE = "/opt/glitchtip-compose/service.json";
/** The volume with the key of the tokens. */
const KEY_FOLDER = "/service";
const WORKSPACE = "/workspace";
const RUNS_AT_ONCE = 4;
const QUEUE_WITHIN_MS = 60_000;

export interface ContainerContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  print(text: string): void;
  writeLog(line: string): void;
}

/** Runs one container of a stack's service. The words are a role, or `token` and what it is to have. */
export async function runInContainer(context: ContainerContext, [word, ...words]: readonly string[]): Promise<void> {
  const key = readOrMakeKey(KEY_FOLDER);
  if (word === "token") return context.print(await tokenFor(key, words));
  const role = SERVICE_ROLES.find((one) => one === word);
  if (role === undefined) throw new CodedError("GC1001", `serve.mjs: there is no role "${word}"`);
  const settings = z.parse(serviceSettings, JSON.parse(readFileSync(SETTINGS_FILE, "utf8")));
  const env = { ...context.env, ...(role === "worker" ? variablesOf(settings) : {}), SERVICE_KEY: key };
  // Queue and service start at the same time after a restart of the machine.
  await retry({
    clock: systemClock,
    signal: context.signal,
    deadlineMs: QUEUE_WITHIN_MS,
    pauseAfter: (error, backoffMs) => (error instanceof CodedError && error.code === "GC2007" ? backoffMs : undefined),
    async attempt() {
      const service = { ...context, dir: WORKSPACE, env, clock: systemClock, version: settings.tool };
      await serve(service, serveSettingsOf(role, settings));
      return true;
    },
  });
}

/** Returns what the service does as a container of this role. */
function serveSettingsOf(
  role: ServiceRole,
  { files, queue, port, server, everySeconds, apply, events }: ServiceSettings,
): ServeSettings {
  return {
    files,
    stackServer: { url: server, password: `file:${secretFile("glitchtip_admin_password")}` },
    queue,
    host: "0.0.0.0",
    port,
    api: role === "api",
    workers: role === "worker" ? RUNS_AT_ONCE : 0,
    secret: "env:SERVICE_KEY",
    issuer: SERVICE_NAME,
    audience: SERVICE_NAME,
    ...defined({ events, watch: role === "watch" ? { everySeconds, apply } : undefined }),
  };
}

const variablesOf = ({ variables }: ServiceSettings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, secret]) => {
      const value = readIfThere(secretFile(secret));
      return value === undefined ? [] : [[name, withoutLineEnd(value)]];
    }),
  );

/** Returns the key of the tokens. The containers start at the same time, and the first of them makes it. */
export function readOrMakeKey(folder: string): string {
  const path = join(folder, "key");
  const known = readIfThere(path);
  if (known !== undefined) return known;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const made = join(folder, `key.${randomUUID()}`);
  writeFileSync(made, randomBytes(32).toString("base64url"), { mode: 0o600, flush: true });
  try {
    linkSync(made, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(made, { force: true });
  }
  return readFileSync(path, "utf8");
}

async function tokenFor(key: string, words: readonly string[]): Promise<string> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      subject: { type: "string" },
      id: { type: "string" },
      scope: { type: "string", multiple: true, default: ["plan"] },
      server: { type: "string", multiple: true, default: ["*"] },
      days: { type: "string", default: "30" },
    },
  });
  const { subject, id = randomUUID(), scope: scopes, server: servers, days } = values;
  if (subject === undefined) throw new CodedError("GC1001", "serve.mjs token: --subject is missing");
  const token = { subject, id, scopes, servers, days: Number(days), issuer: SERVICE_NAME, audience: SERVICE_NAME };
  return await signToken(new Secret(key), token, systemClock.now());
}
