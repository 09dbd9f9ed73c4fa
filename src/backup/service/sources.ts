import { existsSync, readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { runProcess } from "../../base/process.ts";
import type { Clock } from "../../base/wait.ts";
import type { BackupSettings } from "../../config/service-settings.ts";
import type { BackupSources } from "../create.ts";
import { openDatabase } from "../database/database.ts";
import { jobShell } from "./job-shell.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** The path where the workspace is mounted. */
const WORKSPACE = "/project";
/** Our Compose file has one of these names. */
const FILES = ["glitchtip.yaml", "compose.glitchtip.yaml", "compose.override.yaml", "compose.yaml"];
/** Prefix of the variables that hold lines of the workspace's .env. */
const ENV_PREFIX = "ENV_";

/**
 * Reads the parts of the stack from read-only mounts. The database is dumped by another container, which has its
 * password.
 */
export function mountedSources(
  { tool, generation }: BackupSettings,
  env: Variables,
  clock: Clock,
  signal: AbortSignal,
): BackupSources {
  const ours = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith(ENV_PREFIX) && value ? [`${name.slice(ENV_PREFIX.length)}=${value}\n`] : [],
  );
  return {
    about: {
      tool,
      project: env.ENV_COMPOSE_PROJECT_NAME ?? "",
      glitchtip: { generation, image: env.GLITCHTIP_IMAGE ?? "" },
    },
    database: openDatabase(jobShell("/work/jobs", clock), signal),
    async uploads(to: Writable) {
      const { code, stderr } = await runProcess("tar", ["-C", "/", "-cf", "-", "uploads"], { stdoutTo: to, signal });
      // tar exits with 1 when a file changed while it was read. The archive is complete all the same.
      if (code === 0 || code === 1) return;
      throw new CodedError("GC1801", "the uploads cannot be read", { problems: [stderr.trim()] });
    },
    state: async () => readIfThere("/state/state.json"),
    files: () => [
      ...FILES.filter((path) => existsSync(`${WORKSPACE}/${path}`)).map((path) => ({
        path,
        content: readFileSync(`${WORKSPACE}/${path}`, "utf8"),
        mode: 0o644,
      })),
      { path: ".env", content: ours.join(""), mode: 0o644 },
    ],
    secretFiles: async () => [],
  };
}
