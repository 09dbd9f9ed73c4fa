import { randomBytes } from "node:crypto";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { ProcessResult } from "../base/process.ts";
import type { ComposeConfig } from "../compose/model.ts";
import { type DockerCli, lastLines } from "./cli.ts";

export interface UpOptions {
  readonly services?: readonly string[];
  readonly flags?: readonly string[];
  /** A model that Compose reads instead of the files. */
  readonly model?: object;
  onLine?(line: string): void;
  readonly deadlineMs?: number;
}

/** The calls of `docker compose` that we make. Each throws GC1604 with Compose's last lines when it fails. */
export interface Compose {
  /** Returns the version of Compose, such as 2.40.3. */
  version(): Promise<string>;
  config(): Promise<ComposeConfig>;
  /** Returns the model with the services that `up` starts: those without a profile, and those whose profile is active. */
  activeModel(): Promise<ComposeConfig>;
  up(options?: UpOptions): Promise<void>;
  /** Removes the containers of every profile, and the volumes where `volumes` is true. */
  down(options: { readonly volumes: boolean; onLine?(line: string): void }): Promise<void>;
  /** Runs a command in a new container of the service, which is removed afterwards. The exit code is the result's. */
  run(
    service: string,
    args: readonly string[],
    options?: {
      /** A single word. */
      readonly entrypoint?: string;
      /** Runs as root that may read, write and give away every file of the mounted volumes, whoever owns them. */
      readonly ownsFiles?: boolean;
      readonly stdin?: string;
      readonly signal?: AbortSignal;
      onStdoutLine?(line: string): void;
    },
  ): Promise<ProcessResult>;
  logs(services: readonly string[], options?: { readonly tail?: number }): Promise<string>;
}

/** Without them `down` leaves the containers of services with a profile running, and their volumes in use. */
const EVERY_PROFILE = ["--profile", "*"] as const;

/** What root needs for files of others; the generated services drop all capabilities. */
const FILE_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER"] as const;

const QUICK_MS = 60_000;

/** The error of a command that needs a stack, in a folder without a Compose file. */
const withoutComposeFile = (): CodedError =>
  new CodedError("GC1604", "this command needs a Compose file, and there is none in this folder or above it", {
    remedy:
      "Run it in the folder of your Compose file, or create a stack with npx glitchtip-compose init. For a server that runs elsewhere: plan, apply, pull and provision.",
  });

/** Compose's texts for a variable without a value: of a secret or config, and of `${NAME:?}`. */
const MISSING_VARIABLE = /environment variable "?(\w+)"? required by|required variable (\w+) is missing/g;

/** Returns what to do after a failed call. Compose's own lines above it name the cause. */
function remedyOf(verb: string, stderr: string): string {
  const missing = [...stderr.matchAll(MISSING_VARIABLE)].flatMap(([, ofSecret, inFile]) => ofSecret ?? inFile ?? []);
  if (missing.length > 0) {
    const names = [...new Set(missing)].join(" and ");
    return `Set ${names} in the shell or in .env, then run the command again.`;
  }
  return verb === "config"
    ? "Correct your Compose files until `docker compose config` accepts them."
    : "npx glitchtip-compose doctor shows why.";
}

/** `remove` removes a container by its name, also after the signal was aborted. */
export function openCompose(docker: DockerCli, remove: (container: string) => Promise<void>): Compose {
  const call = async (args: readonly string[], options: Parameters<DockerCli>[1] = {}): Promise<ProcessResult> => {
    const result = await docker(["compose", ...args], options);
    if (result.code === 0) return result;
    if (/no configuration file provided/.test(result.stderr)) throw withoutComposeFile();
    const verb = args.find((word) => /^[a-z]+$/.test(word)) ?? "";
    throw new CodedError("GC1604", `docker compose ${verb} failed (exit ${result.code ?? result.signal})`, {
      problems: lastLines(result.stderr, 5),
      remedy: remedyOf(verb, result.stderr),
    });
  };
  return {
    async version() {
      const { stdout } = await call(["version", "--short"], { deadlineMs: QUICK_MS });
      return stdout.trim().replace(/^v/, "");
    },
    async config() {
      const { stdout } = await call([...EVERY_PROFILE, "config", "--format", "json"], { deadlineMs: QUICK_MS });
      return JSON.parse(stdout) as ComposeConfig;
    },
    async activeModel() {
      const { stdout } = await call(["config", "--format", "json"], { deadlineMs: QUICK_MS });
      return JSON.parse(stdout) as ComposeConfig;
    },
    async up({ services = [], flags = ["--detach", "--wait"], model, onLine, deadlineMs } = {}) {
      const files = model === undefined ? [] : ["-f", "-", "--project-directory", "."];
      await call([...files, "up", ...flags, ...services], {
        ...(model && { stdin: JSON.stringify(model) }),
        ...defined({ onStderrLine: onLine, deadlineMs }),
      });
    },
    async down({ volumes, onLine }) {
      await call([...EVERY_PROFILE, "down", ...(volumes ? ["--volumes"] : [])], defined({ onStderrLine: onLine }));
    },
    async run(service, args, { entrypoint, ownsFiles = false, ...options } = {}) {
      const name = `${service}-run-${randomBytes(6).toString("hex")}`;
      const flags = ["--rm", "--no-deps", "-T", "--name", name, ...(entrypoint ? ["--entrypoint", entrypoint] : [])];
      if (ownsFiles) flags.push("--user", "0:0", ...FILE_CAPABILITIES.flatMap((one) => ["--cap-add", one]));
      try {
        return await docker(["compose", "run", ...flags, service, ...args], options);
      } catch (error) {
        // Compose leaves its container running when it is stopped.
        await remove(name).catch(() => {});
        throw error;
      }
    },
    async logs(services, { tail = 50 } = {}) {
      const { stdout } = await call(["logs", "--no-color", "--tail", String(tail), ...services], {
        deadlineMs: QUICK_MS,
      });
      return stdout;
    },
  };
}
