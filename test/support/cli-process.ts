import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const CLI = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty project folder and an empty temporary folder of its own, so that what is left behind is seen. */
export interface CliFolders extends Disposable {
  readonly project: string;
  readonly temporary: string;
  /** What is in the temporary folder. */
  leftovers(): string[];
}

export function cliFolders(): CliFolders {
  const root = mkdtempSync(join(tmpdir(), "glitchtip-compose-cli-"));
  const [project, temporary] = [join(root, "my-shop"), join(root, "tmp")];
  for (const folder of [project, temporary]) mkdirSync(folder);
  return {
    project,
    temporary,
    leftovers: () => readdirSync(temporary),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

export interface RunningCli extends AsyncDisposable {
  readonly ended: Promise<CliResult>;
  readonly stdout: string;
  readonly stderr: string;
  kill(signal: NodeJS.Signals): void;
  /** As `| head` does when it has enough. */
  closeStdout(): void;
  /** Once this is to be read on either stream. */
  says(text: string | RegExp): Promise<void>;
}

/** The published program as a child, without a terminal and with stdin closed. */
export function startCli(folders: CliFolders, ...words: readonly string[]): RunningCli {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build first`);
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: folders.project,
    env: { PATH: process.env.PATH ?? "", HOME: folders.temporary, TMPDIR: folders.temporary, LANG: "C" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  let news = () => {};
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      said[name] += chunk.toString("utf8");
      news();
    });
  }
  const ended = new Promise<CliResult>((done) => {
    child.once("close", (code, signal) => {
      done({ code, signal, ...said });
      news();
    });
  });
  return {
    ended,
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
    kill: (signal) => void child.kill(signal),
    closeStdout: () => void child.stdout.destroy(),
    async says(text) {
      const isThere = () =>
        [said.stdout, said.stderr].some((one) => (typeof text === "string" ? one.includes(text) : text.test(one)));
      while (!isThere()) {
        if (!isAlive(child)) throw new Error(`it ended without saying ${text}:\n${said.stdout}${said.stderr}`);
        await new Promise<void>((wake) => {
          news = wake;
        });
      }
    },
    async [Symbol.asyncDispose]() {
      if (isAlive(child)) child.kill("SIGKILL");
      await ended;
    },
  };
}

export async function runCli(folders: CliFolders, ...words: readonly string[]): Promise<CliResult> {
  await using run = startCli(folders, ...words);
  return await run.ended;
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
