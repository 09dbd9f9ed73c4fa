import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ProcessResult, type RunOptions, runProcess } from "../../../src/base/process.ts";
import { built } from "../../support/built.ts";

const CLI = built("cli.mjs");
const CALL_WITHIN_MS = 240_000 * Number(process.env.DOCKER_TEST_PATIENCE ?? 1);

/** A folder of its own with free ports, and whatever containers and volumes a test starts in it. */
export interface TestProject extends AsyncDisposable {
  readonly dir: string;
  /** Compose's name for it. */
  readonly name: string;
  readonly ports: { readonly glitchtip: number; readonly app: number };
  write(path: string, text: string): void;
  read(path: string): string;
  /** The built command line in this folder; any exit code is a result. */
  cli(args: readonly string[], options?: RunOptions): Promise<ProcessResult>;
  /** `docker …` in this folder; any exit code is a result. */
  docker(args: readonly string[], options?: RunOptions): Promise<ProcessResult>;
  /** `docker compose …`; throws with its stderr when it fails. Gives its stdout. */
  compose(...args: string[]): Promise<string>;
  /** Names of the project's containers, stopped and one-off ones too. */
  containers(): Promise<string[]>;
}

/** Returns the text of every file below a folder, by path. */
export const filesIn = (dir: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? [[path.slice(dir.length + 1), readFileSync(path, "utf8")] as const] : [];
    }),
  );

/** Files by path. The containers, networks and volumes go with the folder when it is disposed. */
export async function temporaryProject(files: Readonly<Record<string, string>> = {}): Promise<TestProject> {
  const name = `gtc-${randomBytes(5).toString("hex")}`;
  const dir = mkdtempSync(join(tmpdir(), `${name}-`));
  const [glitchtip = 0, app = 0] = await freePorts(2);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  write(".env", `COMPOSE_PROJECT_NAME=${name}\nGLITCHTIP_PORT=${glitchtip}\nAPP_PORT=${app}\n`);
  for (const [path, text] of Object.entries(files)) write(path, text);

  const docker = (args: readonly string[], options: RunOptions = {}) =>
    runProcess("docker", args, { cwd: dir, deadlineMs: CALL_WITHIN_MS, ...options });
  return {
    dir,
    name,
    ports: { glitchtip, app },
    write,
    read: (path) => readFileSync(join(dir, path), "utf8"),
    docker,
    cli: (args, options = {}) =>
      runProcess(process.execPath, [CLI, ...args], { cwd: dir, deadlineMs: CALL_WITHIN_MS, ...options }),
    async compose(...args) {
      const { code, stdout, stderr } = await docker(["compose", ...args]);
      if (code !== 0) throw new Error(`docker compose ${args.join(" ")}: exit ${code}\n${stderr}`);
      return stdout;
    },
    async containers() {
      const filter = `label=com.docker.compose.project=${name}`;
      const { stdout } = await docker(["ps", "-a", "--filter", filter, "--format", "{{.Names}}"]);
      return stdout
        .split("\n")
        .filter((line) => line !== "")
        .sort();
    },
    async [Symbol.asyncDispose]() {
      // By its name and from elsewhere: what a test did to the Compose files must not keep the containers.
      const down = ["compose", "-p", name, "down", "-v", "--remove-orphans", "-t", "1"];
      const { code, stderr } = await docker(down, { cwd: tmpdir() });
      rmSync(dir, { recursive: true, force: true });
      if (code !== 0) throw new Error(`${name} could not be taken down: ${stderr}`);
    },
  };
}

/** Below the range from which the kernel takes ports for outgoing connections: nobody else gets them meanwhile. */
const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;

/** Returns ports on which nothing listens. Test files run side by side, so the ports are chosen at random. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
