import { linkSignals } from "../base/abort.ts";
import { cleanLine } from "../base/clean.ts";
import { CodedError } from "../base/errors.ts";
import type { ProcessResult, Run, RunOptions } from "../base/process.ts";
import { dockerCall, withNames } from "./container-names.ts";

/** Runs the `docker` program. Resolves with any exit code; throws where docker reaches no engine or has no Compose plugin. */
export type DockerCli = (
  args: readonly string[],
  options?: Omit<RunOptions, "cwd" | "env" | "signal"> & { readonly signal?: AbortSignal },
) => Promise<ProcessResult>;

export interface CliOptions {
  /** The workspace, where Compose reads its .env. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly run: Run;
}

export function openDockerCli({ dir, env, signal, run }: CliOptions): DockerCli {
  return async (args, options = {}) => {
    using linked = linkSignals([signal, options.signal]);
    const all = { shownAs: dockerCall(args), ...options, cwd: dir, env, signal: linked.signal };
    const result = await run("docker", args, all).catch(withoutDocker);
    if (result.code === 0) return result;
    const known = explained(result, args);
    if (known !== undefined) throw known;
    return { ...result, stderr: withNames(result.stderr) };
  };
}

function withoutDocker(error: unknown): never {
  if (!(error instanceof CodedError) || error.code !== "GC1606") throw error;
  throw new CodedError("GC1606", error.message, {
    remedy: "Install Docker with the Compose plugin, then run the command again.",
    cause: error,
  });
}

/** Returns the error for an engine that runs, and whose socket this user must not use. */
export const permissionDenied = (socket: string, problems: readonly string[]): CodedError =>
  new CodedError("GC1601", `permission denied: this user may not use the Docker engine at ${socket}`, {
    problems,
    remedy:
      "Add the user to the group of the socket and sign in again (sudo usermod -aG docker $USER, then newgrp docker); or use a rootless engine, or another context: docker context use NAME.",
  });

function explained({ stderr, code }: ProcessResult, args: readonly string[]): CodedError | undefined {
  const denied = /permission denied while trying to connect to the docker (?:daemon socket|api) at (\S*[^\s:])/i.exec(
    stderr,
  );
  if (denied !== null) return permissionDenied(denied[1] ?? "", lastLines(stderr, 2));
  if (
    /cannot connect to the docker daemon|failed to connect to the docker api|is the docker daemon running/i.test(stderr)
  ) {
    return new CodedError("GC1601", "the docker program reaches no engine", {
      problems: lastLines(stderr, 2),
      remedy: "Start Docker, then run the command again. npx glitchtip-compose doctor shows where it looked.",
    });
  }
  // Without the plugin docker reports `compose` as an unknown command, or Compose's flags as unknown ones.
  const noPlugin = /'compose' is not a docker command|unknown command: docker compose|^unknown (shorthand )?flag/im;
  if (args[0] === "compose" && (code === 1 || code === 125) && noPlugin.test(stderr)) {
    return new CodedError("GC1602", "docker has no Compose plugin", {
      problems: [stderr.trim().split("\n")[0] ?? ""],
      remedy: "Install the Compose plugin (docker-compose-plugin, 2.20.2 or newer), then run the command again.",
    });
  }
  return undefined;
}

/** Returns the last lines of a program's output that are not empty. */
export const lastLines = (text: string, count: number): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => cleanLine(line))
    .filter((line) => line.trim() !== "")
    .slice(-count);
