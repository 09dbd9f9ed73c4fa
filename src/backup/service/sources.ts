import { readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { runProcess } from "../../base/process.ts";
import type { Clock } from "../../base/wait.ts";
import type { BackupSettings } from "../../config/backup-settings.ts";
import type { BackupSources } from "../create.ts";
import { openDatabase } from "../database.ts";
import { jobShell } from "./job-shell.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const PROJECT = "/project";
const FILES = ["glitchtip.yaml", "compose.glitchtip.yaml"];
const GIVEN = "ENV_";

/** The parts of the stack as this container sees them: mounted read-only, the database by its own container. */
export function mountedSources(
  { tool, generation }: BackupSettings,
  env: Variables,
  clock: Clock,
  signal: AbortSignal,
): BackupSources {
  const ours = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith(GIVEN) && value ? [`${name.slice(GIVEN.length)}=${value}\n`] : [],
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
      // 1: a file grew or went while it was read; what is there is whole.
      if (code === 0 || code === 1) return;
      throw new CodedError("GC1801", "the uploads cannot be read", { problems: [stderr.trim()] });
    },
    state: async () => readIfThere("/state/state.json"),
    files: () => [
      ...FILES.map((path) => ({ path, content: readFileSync(`${PROJECT}/${path}`, "utf8"), mode: 0o644 })),
      { path: ".env", content: ours.join(""), mode: 0o644 },
    ],
    secretFiles: () => [],
  };
}
