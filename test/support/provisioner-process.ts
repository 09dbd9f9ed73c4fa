import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Declaration } from "../../src/config/schema.ts";
import type { Emulator, RequestRecord } from "../../src/emulator/index.ts";
import { TEST_LABEL } from "./admin-calls.ts";
import { built } from "./built.ts";
import { startServer } from "./emulator.ts";
import { bundleEnvironment, declare, type Folders, provisionOnce, temporaryFolders } from "./provisioning.ts";

const BUNDLE = built("provisioner.mjs");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The provisioner's bundle as a child process. Disposing kills it. */
export interface ProvisionerProcess extends AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly alive: boolean;
  /** What it has written to stderr so far. */
  readonly said: string;
  kill(signal: NodeJS.Signals): void;
}

export interface ProcessOptions {
  readonly declaration?: Declaration;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
  /** Its mode and the request on stdin. */
  readonly args?: readonly string[];
  readonly stdin?: string;
}

export function startProvisioner(url: string, folders: Folders, options: ProcessOptions = {}): ProvisionerProcess {
  const env = { ...bundleEnvironment(url, folders, options.declaration ?? declare()), ...options.env };
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), BUNDLE, ...(options.args ?? [])], {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // One that is killed before it reads closes the pipe.
  child.stdin.on("error", () => {}).end(options.stdin ?? "");
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const ended = new Promise<Ended>((done) => {
    child.once("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
  return {
    ended,
    get alive() {
      return isAlive(child);
    },
    get said() {
      return stderr;
    },
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (isAlive(child)) child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs the bundle until it ends. */
export async function runProvisioner(url: string, folders: Folders, options: ProcessOptions = {}): Promise<Ended> {
  await using run = startProvisioner(url, folders, options);
  return await run.ended;
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** Waits for a condition that a process fulfils. Fails at once when the process has ended without it. */
export async function until(run: ProvisionerProcess, what: string, holds: () => boolean): Promise<void> {
  while (!holds()) {
    if (!run.alive) throw new Error(`the provisioner ended before ${what}:\n${run.said}`);
    await sleep(5);
  }
}

/** Returns method and path of each request of a first run, in their order, without ids that differ each time. */
export async function requestsOfFirstRun(): Promise<readonly string[]> {
  using folders = temporaryFolders();
  await using emulator = await startServer();
  await provisionOnce(emulator.url, folders);
  return emulator.requests.map(nameOf);
}

const nameOf = ({ method, path }: RequestRecord): string => `${method} ${path.replace(/[0-9a-f]{32}/, "…")}`;

/** Counts the objects of each kind on the server, without deleted ones. */
export function countsOf(emulator: Emulator): Record<string, number> {
  const { organizations, teams, projects, keys, ...rest } = emulator.snapshot();
  const tokens = rest.tokens.filter(({ label }) => label !== TEST_LABEL);
  const alive = projects.filter(({ deleted }) => !deleted);
  const keysOfThem = keys.filter(({ project }) => alive.some(({ slug }) => slug === project));
  return {
    organizations: organizations.length,
    teams: teams.length,
    projects: alive.length,
    keys: keysOfThem.length,
    tokens: tokens.length,
  };
}

export const ONE_OF_EACH = { organizations: 1, teams: 1, projects: 1, keys: 1, tokens: 1 } as const;

/** Returns the DSN that the app of `declare()` must have got; the container's address is the emulator's own. */
export function expectedDsn(emulator: Emulator): string {
  const { projects, keys } = emulator.snapshot();
  const project = projects.find(({ deleted, name }) => !deleted && name === "shop-api");
  const key = keys.find((one) => one.project === project?.slug)?.publicKey.replaceAll("-", "");
  return `${emulator.url.replace("://", `://${key}@`)}/${project?.id}`;
}

/** Returns temporary files and locks, which a finished run must not leave in its folders. */
export function leftoversIn(folders: Folders): string[] {
  return [folders.state, folders.dsn].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (file) => !/^(?:[^/]+\.json|apps(?:\/([^/]+)(?:\/\1\.env)?)?)$/.test(file),
    ),
  );
}
