import { randomBytes } from "node:crypto";
import { CodedError } from "../base/errors.ts";
import type { ProcessResult } from "../base/process.ts";
import type { ComposeConfig } from "../compose/model.ts";
import { type DockerCli, lastLines } from "./cli.ts";

export interface UpOptions {
  readonly services?: readonly string[];
  readonly flags?: readonly string[];
  onLine?(line: string): void;
  readonly deadlineMs?: number;
}

/** The calls of `docker compose` that we make. A failed one throws GC1604 with Compose's last lines. */
export interface Compose {
  /** Of Compose itself, such as 2.40.3. */
  version(): Promise<string>;
  config(): Promise<ComposeConfig>;
  up(options?: UpOptions): Promise<void>;
  /** Every profile's containers too; volumes only when asked. */
  down(options: { readonly volumes: boolean; onLine?(line: string): void }): Promise<void>;
  /** In a new container of the service, which is removed afterwards. Its exit code is the result's. */
  run(
    service: string,
    args: readonly string[],
    options?: {
      /** One word. */
      readonly entrypoint?: string;
      readonly stdin?: string;
      readonly signal?: AbortSignal;
      onStdoutLine?(line: string): void;
    },
  ): Promise<ProcessResult>;
  logs(services: readonly string[], options?: { readonly tail?: number }): Promise<string>;
}

/** `down` without them leaves containers of profile services running and the volumes in use (prototype 6). */
const EVERY_PROFILE = ["--profile", "*"] as const;

const QUICK_MS = 60_000;

/** `remove` takes a container away by its name, even when everything else is being stopped. */
export function openCompose(docker: DockerCli, remove: (container: string) => Promise<void>): Compose {
  const call = async (args: readonly string[], options: Parameters<DockerCli>[1] = {}): Promise<ProcessResult> => {
    const result = await docker(["compose", ...args], options);
    if (result.code === 0) return result;
    const verb = args.find((word) => /^[a-z]+$/.test(word)) ?? "";
    throw new CodedError("GC1604", `docker compose ${verb} failed (exit ${result.code ?? result.signal})`, {
      problems: lastLines(result.stderr, 5),
      remedy: "npx glitchtip-compose doctor tells more.",
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
    async up({ services = [], flags = ["--detach", "--wait"], onLine, deadlineMs } = {}) {
      await call(["up", ...flags, ...services], {
        ...(onLine && { onStderrLine: onLine }),
        ...(deadlineMs !== undefined && { deadlineMs }),
      });
    },
    async down({ volumes, onLine }) {
      await call([...EVERY_PROFILE, "down", ...(volumes ? ["--volumes"] : [])], onLine ? { onStderrLine: onLine } : {});
    },
    async run(service, args, { entrypoint, ...options } = {}) {
      const name = `${service}-run-${randomBytes(6).toString("hex")}`;
      const flags = ["--rm", "--no-deps", "-T", "--name", name, ...(entrypoint ? ["--entrypoint", entrypoint] : [])];
      try {
        return await docker(["compose", "run", ...flags, service, ...args], options);
      } catch (error) {
        // Compose that is stopped leaves its container running.
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
