import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { type PrivatePart, privateFolder } from "../../src/outputs/private-folder.ts";
import { built } from "./built.ts";

export const CLI = built("cli.mjs");

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliPlace {
  readonly project: string;
  readonly temporary: string;
  /** For each run, besides the little that all have. */
  readonly env: Record<string, string>;
}

/** An empty project folder and an empty temporary folder of its own, so that what is left behind is seen. */
export interface CliFolders extends CliPlace, Disposable {
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
    env: {},
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
  /** On a terminal: presses keys. */
  type(keys: string): void;
  /** Once this is to be read on either stream. */
  says(text: string | RegExp): Promise<void>;
}

/** The home folder of the command line's user. */
const homeOf = ({ temporary }: Pick<CliPlace, "temporary">): string => join(dirname(temporary), "home");

/** Returns where the command line keeps a part of what nobody else may read of the workspace. */
export const keptOf = (place: Pick<CliPlace, "project" | "temporary">, part: PrivatePart): string =>
  join(privateFolder(place.project, join(homeOf(place), ".local", "state")), part);

/** Returns the reference of a declaration to a secret that the command line keeps. */
export const keptReference = (place: Pick<CliPlace, "project" | "temporary">, name: string): string =>
  `file:~/${relative(homeOf(place), join(keptOf(place, "secrets"), name))}`;

/** The published program as a child, without a terminal and with stdin closed. */
export const startCli = (folders: CliPlace, ...words: readonly string[]): RunningCli =>
  start(folders, process.execPath, [CLI, ...words], "ignore");

/** What `startOnTerminal` needs; without it a test is skipped, with this reason. */
export const needsScript = (skip: (why: string) => never): boolean =>
  spawnSync("sh", ["-c", "script -qec true /dev/null"]).status === 0 || skip("there is no `script` of util-linux here");

/**
 * The same on a terminal of 100 columns and 40 lines; both streams come as one. Needs util-linux: `script`. The terminal's
 * device is written to the file `terminal` beside the temporary folder.
 */
export const startOnTerminal = (folders: CliPlace, ...words: readonly string[]): RunningCli =>
  start(
    folders,
    "script",
    [
      "-qec",
      `tty >"$TMPDIR/../terminal"; stty cols 100 rows 40; exec ${[process.execPath, CLI, ...words].join(" ")}`,
      "/dev/null",
    ],
    "pipe",
  );

/** Changes the size of that terminal, as a window's frame does: its program gets SIGWINCH. */
export function resizeTerminal({ temporary }: Pick<CliPlace, "temporary">, columns: number, rows: number): void {
  const device = readFileSync(join(temporary, "..", "terminal"), "utf8").trim();
  const { status, stderr } = spawnSync("stty", ["-F", device, "cols", String(columns), "rows", String(rows)]);
  if (status !== 0) throw new Error(`stty: ${stderr}`);
}

function start(folders: CliPlace, program: string, args: readonly string[], stdin: "ignore" | "pipe"): RunningCli {
  const environment = { HOME: homeOf(folders), TMPDIR: folders.temporary, LANG: "C.UTF-8", TERM: "xterm" };
  const child = spawn(program, args, {
    cwd: folders.project,
    env: { PATH: process.env.PATH ?? "", ...environment, ...folders.env },
    stdio: [stdin, "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  let news = () => {};
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk: Buffer) => {
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
    closeStdout: () => void child.stdout?.destroy(),
    type: (keys) => void child.stdin?.write(keys),
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

export async function runCli(folders: CliPlace, ...words: readonly string[]): Promise<CliResult> {
  await using run = startCli(folders, ...words);
  return await run.ended;
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
