import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, onTestFinished } from "vitest";
import { renderEnvFile } from "../../../src/outputs/env-file.ts";
import { findProgram, type Shell } from "../../support/shells.ts";

/** The published file. The tests run a copy, so that its mode is known. */
export const source = new URL("../../../templates/with-dsn", import.meta.url).pathname;
const root = mkdtempSync(join(tmpdir(), "with-dsn-"));
// Readable for nobody too: the test of an unreadable file changes its user.
chmodSync(root, 0o755);
export const wrapper = join(root, "with-dsn");
copyFileSync(source, wrapper);
chmodSync(wrapper, 0o755);

const tool = (name: string): string => {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`these tests need ${name}`);
  return path;
};
export const [sh, cat, env] = [tool("sh"), tool("cat"), tool("env")];

/** The DSN folder of the current test. */
export let folder: string;

/** Makes a new folder for each test of a file. */
export function freshFolders(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(root, "dsn-"));
    chmodSync(folder, 0o755);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
}

/** Returns a function that gives the arguments to run the wrapper in this shell, on the folder of the test. */
export const wrappedIn =
  (shell: Shell) =>
  (...args: string[]): string[] => [...shell.argv, wrapper, "--dir", folder, ...args];

/** Writes an app's file as the provisioner does: under a temporary name, then renamed. */
export function publish(app: string, variables: Record<string, string>): void {
  const temporary = join(folder, `.${app}.tmp`);
  writeFileSync(temporary, renderEnvFile(variables), { mode: 0o444 });
  renameSync(temporary, join(folder, `${app}.env`));
}

interface Start {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly uid?: number;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const BASE = { PATH: process.env.PATH ?? "" };

export function begin(argv: readonly string[], { env = {}, uid }: Start = {}): ChildProcessWithoutNullStreams {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error("nothing to start");
  const child = spawn(program, args, {
    cwd: "/",
    env: { ...BASE, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

export async function ended(child: ChildProcessWithoutNullStreams, input = ""): Promise<Ended> {
  const [stdout, stderr]: Buffer[][] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout?.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr?.push(chunk));
  child.stdin.on("error", () => {}).end(input);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout: String(Buffer.concat(stdout ?? [])), stderr: String(Buffer.concat(stderr ?? [])) };
}

export const run = (argv: readonly string[], start: Start = {}): Promise<Ended> =>
  ended(begin(argv, start), start.input);

/** Returns the environment of the app, without the four variables that every shell sets. */
export async function environment(argv: readonly string[], start: Start = {}): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await run([...argv, cat, "/proc/self/environ"], start);
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  const entries = stdout.split("\0").slice(0, -1);
  return Object.fromEntries(
    entries
      .map((entry): [string, string] => {
        const at = entry.indexOf("=");
        return [entry.slice(0, at), entry.slice(at + 1)];
      })
      .filter(([name]) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name)),
  );
}

/** Returns a PATH with these programs and scripts alone. */
export function pathWith(programs: readonly string[], scripts: Record<string, string> = {}): string {
  const path = mkdtempSync(join(root, "path-"));
  for (const name of programs) symlinkSync(tool(name), join(path, name));
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(path, name), `#!${sh}\n${text}\n`, { mode: 0o755 });
  }
  return path;
}

export async function announcement(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = (await once(child.stderr, "data")) as [Buffer];
  return String(chunk);
}

export const ODD = {
  "spring.datasource.url": "jdbc:postgresql://db/x?a=b&c=d",
  "Log:Level": "Debug",
  "A-B": "line\nline\n",
  "-i": "looks like an option",
  "1ST": "'\"$(id)`id`\\",
  "discovery.type": "",
  ümlaut: "é",
};
