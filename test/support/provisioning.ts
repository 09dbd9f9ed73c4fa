import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lineLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { type Clock, systemClock } from "../../src/base/wait.ts";
import { dsnFile } from "../../src/config/dsn-volumes.ts";
import { provisionPart } from "../../src/config/provision-input.ts";
import { type Declaration, declarationSchema } from "../../src/config/schema.ts";
import type { Emulator } from "../../src/emulator/index.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { publish } from "../../src/outputs/dsn-volume.ts";
import { openStateStore } from "../../src/outputs/state-store.ts";
import { type ProvisionResult, provisionServer } from "../../src/provision/provision.ts";

export const ADMIN = { email: "admin@example.com", password: "Correct-Horse-7" } as const;

/** Returns a declaration with its defaults, which has one app and one project unless `over` has others. */
export function declare(over: Partial<Record<keyof Declaration, unknown>> = {}): Declaration {
  return declarationSchema.parse({
    version: 1,
    admin: { email: ADMIN.email },
    organization: "Acme",
    projects: { "shop-api": { team: "backend", platform: "node" } },
    apps: { api: { project: "shop-api" } },
    ...over,
  });
}

export interface Folders extends Disposable {
  readonly root: string;
  readonly state: string;
  readonly dsn: string;
}

export function temporaryFolders(): Folders {
  const root = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  return {
    root,
    state: join(root, "state"),
    dsn: join(root, "dsn"),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A clock whose waits take no real time, so that deadlines of minutes are tested in milliseconds. */
export function hastyClock(emulator?: Pick<Emulator, "advance">): Clock {
  let offset = 0;
  return {
    now: () => systemClock.now() + offset,
    async sleep(ms, signal) {
      offset += ms;
      emulator?.advance(ms);
      await systemClock.sleep(1, signal);
    },
  };
}

export interface ProvisionRun {
  readonly declaration?: Declaration;
  readonly publicUrl?: string;
  readonly password?: string;
  /** The user's own token. */
  readonly token?: string;
  readonly clock?: Clock;
  readonly readyWithinMs?: number;
  readonly proofWithinMs?: number;
  readonly provesWorker?: boolean;
  readonly databaseRun?: string;
  readonly signal?: AbortSignal;
}

export interface ProvisionOutcome extends ProvisionResult {
  readonly written: boolean;
  readonly log: string;
}

/** Provisions and publishes as the container does, inside this process. */
export async function provisionOnce(url: string, folders: Folders, run: ProvisionRun = {}): Promise<ProvisionOutcome> {
  const lines: string[] = [];
  const transport = openTransport(openNodeHttp, url, { requestTimeoutMs: 2_000 });
  const result = await provisionServer(
    {
      transport,
      store: openStateStore(folders.state),
      clock: run.clock ?? systemClock,
      signal: run.signal ?? new AbortController().signal,
      log: lineLog((line) => lines.push(line)),
      password: () => new Secret(run.password ?? ADMIN.password),
      ...(run.token === undefined ? {} : { token: () => new Secret(run.token ?? "") }),
      readyWithinMs: run.readyWithinMs ?? 5_000,
      proofWithinMs: run.proofWithinMs ?? 5_000,
      provesWorker: run.provesWorker ?? false,
      ...(run.databaseRun === undefined ? {} : { databaseRun: run.databaseRun }),
    },
    {
      declaration: run.declaration ?? declare(),
      baseUrls: {
        container: "http://glitchtip:8000",
        host: "http://localhost:8000",
        public: run.publicUrl ?? "https://errors.example.com",
      },
      label: "glitchtip-compose",
    },
  ).finally(() => transport.close());
  const written = publish(folders.dsn, result.envFiles, result.status, new Date(0));
  return { ...result, written, log: lines.join("") };
}

/** Provisions with waits that take no real time, neither ours nor the server's. */
export const provisionHastily = (emulator: Emulator, folders: Folders, run: ProvisionRun = {}) =>
  provisionOnce(emulator.url, folders, { clock: hastyClock(emulator), ...run });

/** Returns the value of a variable in an env file, read by the quoting rules of that file. */
export function dsnOf(folders: Folders, app: string, variable = "SENTRY_DSN"): string | undefined {
  const text = readFileSync(dsnFile(folders.dsn, app), "utf8");
  return new RegExp(`^export ${variable}='([^']*)'`, "m").exec(text)?.[1];
}

/** Writes the files that are mounted in the container, and returns the environment for running the bundle. */
export function bundleEnvironment(url: string, folders: Folders, declaration: Declaration): Record<string, string> {
  const inputFile = join(folders.root, "provision.json");
  const passwordFile = join(folders.root, "password");
  writeFileSync(
    inputFile,
    JSON.stringify({
      ...{ version: 1, tool: "0.0.0-test", declarationSha256: "", generation: "6" },
      declaration: provisionPart(declaration),
    }),
  );
  writeFileSync(passwordFile, ADMIN.password);
  return {
    GLITCHTIP_URL: url,
    GLITCHTIP_STATE_DIR: folders.state,
    GLITCHTIP_DSN_DIR: folders.dsn,
    GLITCHTIP_PROVISION_FILE: inputFile,
    GLITCHTIP_ADMIN_PASSWORD_FILE: passwordFile,
  };
}
