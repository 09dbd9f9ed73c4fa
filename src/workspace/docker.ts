import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ImageStart } from "../docker/index.ts";
import type { ComposeReading } from "./compose-files.ts";

/** What the workspace asks of Docker. All of it can be missing. */
export interface WorkspaceDocker {
  readonly config: ComposeReading;
  /** Returns how the image starts, or undefined where the engine does not have it. Throws GC1601 where no engine answers. */
  image(reference: string, platform?: string): Promise<ImageStart | undefined>;
  /** Pulls or builds with Compose, which knows the registry's credentials and the build's context. */
  obtain(how: "pull" | "build", files: readonly string[], services: readonly string[]): Promise<void>;
}

export interface WorkspaceDockerOptions {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const CONFIG_WITHIN_MS = 30_000;

/** Returns access to Docker that loads its modules with the first question. */
export function workspaceDocker({ dir, env, signal, log }: WorkspaceDockerOptions): WorkspaceDocker {
  const open = async () => (await import("../docker/index.ts")).openDocker({ dir, env, signal });
  let opened: ReturnType<typeof open> | undefined;
  const docker = () => {
    opened ??= open();
    return opened;
  };
  const flags = (files: readonly string[]) => files.flatMap((file) => ["-f", file]);
  return {
    async config(files) {
      if (!mayHaveEngine(env)) return undefined;
      const args = ["compose", ...flags(files), "--profile", "*", "config", "--format", "json"];
      // Compose reads files without an engine, so we do not look for one.
      const { openDockerCli, lastLines } = await import("../docker/cli.ts");
      const { runProcess } = await import("../base/process.ts");
      const cli = openDockerCli({ dir, env, signal, run: runProcess });
      const result = await cli(args, { deadlineMs: CONFIG_WITHIN_MS }).catch(withoutCompose);
      if (result === undefined) return undefined;
      if (result.code === 0) return JSON.parse(result.stdout);
      const problems = lastLines(result.stderr, 5).filter((line) => !line.includes("level=warning"));
      throw new CodedError("GC1604", "docker compose config failed", { problems });
    },
    async image(reference, platform) {
      return await (await (await docker()).located()).engine.imageStart(reference, platform);
    },
    async obtain(how, files, services) {
      const { lastLines } = await import("../docker/cli.ts");
      const onStderrLine = (line: string) => log.step(line);
      const cli = (await docker()).cli;
      const result = await cli(["compose", ...flags(files), "--profile", "*", how, ...services], { onStderrLine });
      if (result.code === 0) return;
      throw new CodedError("GC1604", `docker compose ${how} ${services.join(" ")} failed`, {
        problems: lastLines(result.stderr, 5),
        remedy: "Build or pull the image by hand, or state entrypoint and command in your Compose file.",
      });
    },
  };
}

function withoutCompose(error: unknown): undefined {
  if (error instanceof CodedError && ["GC1602", "GC1605", "GC1606"].includes(error.code)) return undefined;
  throw error;
}

/** Returns false where nothing on this machine looks like an engine: `docker compose config` takes longer than the rest of a run. */
function mayHaveEngine({
  DOCKER_HOST: host,
  DOCKER_CONTEXT: context,
  DOCKER_CONFIG: config,
  ...env
}: WorkspaceDockerOptions["env"]): boolean {
  if (host) return !host.startsWith("unix://") || existsSync(host.slice("unix://".length));
  if (context) return true;
  const home = env.HOME ?? "";
  const sockets = [
    "/var/run/docker.sock",
    "/run/podman/podman.sock",
    "//./pipe/docker_engine",
    ...(env.XDG_RUNTIME_DIR ? [`${env.XDG_RUNTIME_DIR}/docker.sock`, `${env.XDG_RUNTIME_DIR}/podman/podman.sock`] : []),
    ...[".docker/run", ".docker/desktop", ".colima/default"].map((folder) => join(home, folder, "docker.sock")),
  ];
  return sockets.some((path) => existsSync(path)) || choosesContext(config || join(home, ".docker"));
}

function choosesContext(folder: string): boolean {
  try {
    const { currentContext } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
    return typeof currentContext === "string" && currentContext !== "" && currentContext !== "default";
  } catch {
    return false;
  }
}
