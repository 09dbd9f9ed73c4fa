import { createReadStream, existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { resolveServer } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { GENERATIONS, type Generation } from "../../glitchtip/versions.ts";
import type { Workspace } from "../../workspace/index.ts";
import type { Backup } from "../catalog.ts";
import type { Database } from "../database/database.ts";
import { requireSpace } from "../folder.ts";
import { DUMP_FILE, UPLOADS_ARCHIVE } from "../manifest.ts";

/** The restored database may need more room than the dumped one: the old one is kept beside it. */
const SPACE_FACTOR = 1.2;

/** Throws GC1804 where the backup was made with another generation of GlitchTip than the stack has. */
export function checkGeneration({ path, manifest }: Backup, { declaration }: Workspace): void {
  const generation = resolveServer(declaration.server).server?.capabilities.generation;
  const { generation: theirs, image } = manifest.glitchtip;
  if (generation === theirs) return;
  const order = (one: string | undefined) => GENERATIONS.indexOf(one as Generation);
  const newer = order(theirs) > order(generation) || order(theirs) < 0;
  throw new CodedError("GC1804", `${path} is from GlitchTip ${theirs}, and this stack runs ${generation ?? "none"}`, {
    remedy: newer
      ? `GlitchTip cannot go back: set server.image to ${image} first. Nothing was changed.`
      : `Set server.image to ${image}, restore, and upgrade from there. Nothing was changed.`,
  });
}

/** Throws GC1803 where the manifest does not list a file that a restore reads: without its checksum it is not used. */
export function requireListedParts({ path, manifest }: Backup): void {
  const listed = new Set(manifest.files.map((file) => file.path));
  const problems = [DUMP_FILE, UPLOADS_ARCHIVE].filter((name) => !listed.has(name));
  if (problems.length === 0) return;
  throw new CodedError("GC1803", `${path} has no checksum of ${problems.join(" and ")}`, {
    remedy: "Take another one: npx glitchtip-compose backup list",
  });
}

/** Checks version, permission, space and the dump itself against the running database. Returns whether that is empty. */
export async function checkDatabase(
  { path, manifest }: Backup,
  database: Database,
): Promise<{ readonly empty: boolean }> {
  const { major, tables } = await database.facts();
  if (manifest.postgres.major > major) {
    throw new CodedError(
      "GC1804",
      `${path} is from Postgres ${manifest.postgres.major}, and the server here is ${major}`,
      {
        remedy: `Restore into a stack with postgres:${manifest.postgres.major} or newer. Nothing was changed.`,
      },
    );
  }
  const { mayCreate, freeBytes } = await database.room();
  if (!mayCreate) {
    throw new CodedError(
      "GC1804",
      "the database's user is not allowed to create another database, and a restore is loaded into one first",
      {
        remedy: "As its administrator: ALTER ROLE … CREATEDB, for as long as the restore takes. Nothing was changed.",
      },
    );
  }
  if (freeBytes !== undefined) requireSpace("the restored database", manifest.database.bytes * SPACE_FACTOR, freeBytes);
  await database.list(createReadStream(join(path, DUMP_FILE)));
  return { empty: Object.keys(tables).length === 0 };
}

/** Throws GC1804 where the name of this Compose project is in use by another folder of this machine. */
export async function checkComposeProject(docker: Docker, dir: string, name: string): Promise<void> {
  const label = "com.docker.compose.project";
  const filter = ["--filter", `label=${label}=${name}`, "--format", `{{.Label "${label}.working_dir"}}`];
  const { stdout } = await docker.cli(["ps", "-a", ...filter]);
  const here = realpathSync(dir);
  const [other] = stdout
    .split("\n")
    .filter((line) => line !== "" && line !== dir && existsSync(line) && realpathSync(line) !== here);
  if (other === undefined) return;
  throw new CodedError("GC1804", `project ${name} has containers that were started in ${other}`, {
    remedy: `Give the one in ${dir} another name: COMPOSE_PROJECT_NAME=… in its .env. Nothing was changed.`,
  });
}
