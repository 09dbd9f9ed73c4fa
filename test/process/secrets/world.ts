import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execPath } from "node:process";
import { expect } from "vitest";
import { type Emulator, startEmulator } from "../../../src/emulator/index.ts";
import { built } from "../../support/built.ts";
import { CanarySearch } from "../../support/canaries.ts";
import { type FakeEngine, startFakeEngine } from "../../support/fake-engine.ts";
import { allowedIn } from "./allowed.ts";
import { EMAIL, MADE, USERS } from "./known.ts";
import { configWithSecrets, environmentOf, makeProjectIn, type Project } from "./project.ts";

/** The secrets that are known so far. Earlier output is searched again at the end. */
interface Said {
  readonly what: string;
  readonly text: string;
  readonly shows: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** The expected exit code. */
  readonly code?: number;
  /** Canaries that this output may show. */
  readonly shows?: readonly string[];
  /** Sends TERM once this text was printed. */
  readonly until?: RegExp;
}

export const VARIANTS = [[], ["--json"], ["--debug"], ["--json", "--debug"]] as const;
export const TWO_VARIANTS = [[], ["--json", "--debug"]] as const;

/** A server, an engine and a project named shop. All output of what runs here is searched. */
export class World {
  readonly root = mkdtempSync(join(tmpdir(), "secrets-"));
  readonly search = new CanarySearch();
  /** Everything that was searched, by kind. */
  readonly counted = { runs: 0, files: 0, processes: 0 };
  /** Output for a second search at the end: some secrets are created by the run that must not show them. */
  readonly said: Said[] = [];
  readonly makeProject = (name: string): Project => makeProjectIn(this.root, name);
  readonly shop = this.makeProject("shop");
  emulator!: Emulator;
  engine!: FakeEngine;

  constructor() {
    for (const [name, value] of Object.entries({ ...MADE, ...USERS })) this.search.add({ name, value });
  }

  async start(): Promise<void> {
    this.emulator = await startEmulator({
      generation: "5.2",
      superuser: { email: EMAIL, password: MADE.admin_password },
      processingDelayMs: 0,
    });
    this.engine = await startFakeEngine({
      root: join(this.root, "engine"),
      project: "shop",
      apps: ["api", "worker"],
      dsnDir: this.shop.dsn,
      secretsDir: this.shop.secrets,
      provisioner: this.environmentOf(this.shop),
      config: configWithSecrets,
    });
  }

  async end(): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    await this.emulator.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  readonly environmentOf = (project: Project): Record<string, string> => environmentOf(project, this.emulator.url);

  /** Adds the secrets that the provisioner has created. Earlier output is searched again at the end. */
  readonly learnSecrets = ({ state }: Project): void => {
    const text = readFileSync(join(state, "state.json"), "utf8");
    for (const [value] of text.matchAll(/\b[0-9a-f]{64}\b/g)) this.search.add({ name: "token", value });
    for (const [value] of text.matchAll(/\b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b/g))
      this.search.add({ name: "dsn_key", value });
  };

  /** Runs one of the tool's programs and searches everything that it prints. */
  readonly run = async (bundle: "cli" | "provisioner", args: readonly string[], options: Run = {}): Promise<Ended> => {
    const child = spawn(execPath, [built(`${bundle}.mjs`), ...args], {
      cwd: options.cwd ?? this.root,
      env: { PATH: process.env.PATH, HOME: this.root, TMPDIR: this.root, ...this.engine.env, ...options.env },
    });
    child.stdin.on("error", () => {}).end(options.stdin ?? "");
    let [stdout, stderr] = ["", ""];
    // Only once: a second signal would end it before its last message.
    const stopWhenSaid = () => !child.killed && options.until?.test(stdout + stderr) && child.kill("SIGTERM");
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      stopWhenSaid();
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      stopWhenSaid();
    });
    const code = await new Promise<number | null>((end) => child.once("close", end));
    this.counted.runs++;
    const { shows = [] } = options;
    const one = { what: `${bundle} ${args.join(" ")} (exit ${code})`, text: stdout + stderr, shows };
    this.said.push(one);
    expect(this.search.find(one.text, shows), one.what).toEqual([]);
    if (options.code !== undefined) expect(code, `${one.what}: …${one.text.slice(-500)}`).toBe(options.code);
    return { code, stdout, stderr };
  };

  /** Runs every variant at the same time. Each has to end with this exit code. */
  readonly everyVariant = async (
    code: number,
    args: readonly string[],
    options: Run = {},
    variants = VARIANTS as readonly (readonly string[])[],
  ): Promise<Ended[]> => {
    const ended = await Promise.all(
      variants.map((flags) => this.run("cli", [...args, ...flags], { ...options, code })),
    );
    for (const [i, { stdout, stderr }] of ended.entries()) {
      expect(stdout + stderr).not.toBe("");
      if (variants[i]?.includes("--json") && stdout !== "") JSON.parse(stdout);
    }
    return ended;
  };

  readonly expectOnlyAllowedFiles = (folder: string): void => {
    const leaks = this.#filesBelow(folder).flatMap((path) => {
      this.counted.files++;
      const found = this.search.find(
        `${path}\n${readFileSync(path, "latin1")}\n${readFileSync(path, "utf8")}`,
        allowedIn(path),
      );
      return found.length === 0 ? [] : [`${relative(this.root, path)}: ${found}`];
    });
    expect(leaks).toEqual([]);
  };

  #filesBelow(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.startsWith(join(this.root, "engine")));
  }
}
