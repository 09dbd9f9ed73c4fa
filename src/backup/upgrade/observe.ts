import { join } from "node:path";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { postgresMajor } from "../../config/postgres.ts";
import { serverKind } from "../../config/server.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import {
  containerOf,
  databaseContainerOf,
  observeStack,
  PSQL_PREAMBLE,
  type RunningStack,
} from "../../running/index.ts";
import { LOCK_FILE } from "../../stack/lock.ts";
import { DATABASE, SERVER } from "../../stack/service-names.ts";
import type { Workspace } from "../../workspace/index.ts";
import { currentImage, type ImageFacts, targetImage, type UpgradeSituation, type WantedUpgrade } from "./plan.ts";
import { currentPostgres, type ObservedPostgres, targetPostgres } from "./postgres.ts";

/** Throws GC1808 where the server is not part of the stack. */
export function requireUpgradableServer({ declaration }: Pick<Workspace, "declaration">): void {
  if (serverKind(declaration) === "bundled") return;
  throw new CodedError("GC1808", "this workspace's server is not part of the stack", {
    remedy: "Upgrade it where it runs.",
  });
}

/** Throws GC1808 where Postgres is part of the server's own image. */
function requireOwnPostgres({ declaration }: Workspace, wanted: string | undefined): void {
  if (wanted === undefined || declaration.server.topology !== "single-container") return;
  throw new CodedError("GC1808", "the single container has its Postgres in its own image", {
    remedy: "Back up, declare server.postgres.image, and restore into a fresh volume: docs/all-in-one.md.",
  });
}

/** Pulls an image. Accepts one that is on this machine already where the registry does not give it. */
export async function pullImage(docker: Docker, image: string, say: (line: string) => void): Promise<void> {
  const pulled = await docker.cli(["pull", image], { onStderrLine: say });
  if (pulled.code === 0 || (await factsOf(docker, image)) !== undefined) return;
  throw new CodedError("GC1808", `${image} is not on this machine and cannot be pulled`, {
    problems: lastLines(pulled.stderr, 3),
    remedy: "Is the name right? docker login, or docker load a copy of it. Nothing was changed.",
  });
}

async function factsOf(docker: Docker, image: string): Promise<ImageFacts | undefined> {
  const found = await detailsOf(docker, image);
  if (found === undefined) return undefined;
  const version = found.env.GLITCHTIP_VERSION;
  return defined({ id: found.id, version });
}

async function detailsOf(docker: Docker, image: string) {
  const { imageDetails } = await import("../../docker/images.ts");
  const { address } = await docker.located();
  return await imageDetails(address, image);
}

/** Observes the stack, and the images that the upgrade leads from and to. */
export async function observeForUpgrade(
  docker: Docker,
  workspace: Workspace,
  { to, postgres }: WantedUpgrade,
): Promise<UpgradeSituation> {
  const { dir, declaration, declarationText, env } = workspace;
  requireOwnPostgres(workspace, postgres);
  const current = currentImage(workspace);
  const stack = await observeStack(docker);
  const web = containerOf(stack, SERVER);
  const images = new Map<string, ImageFacts | undefined>();
  for (const image of [current, targetImage(current, to)]) images.set(image, await factsOf(docker, image));
  const running = web?.state === "running" ? await imageOfContainer(docker, web.id) : undefined;
  const database = databaseContainerOf(stack);
  return defined({
    declaration,
    declarationText,
    env,
    lock: readIfThere(join(dir, LOCK_FILE)),
    running,
    database: database?.state === "running" ? await migratedBy(docker, database.id) : undefined,
    postgres: await observePostgres(docker, stack, workspace, postgres),
    facts: (image: string) => images.get(image),
  });
}

async function imageOfContainer(docker: Docker, container: string): Promise<ImageFacts | undefined> {
  const { code, stdout } = await docker.cli(["container", "inspect", "--format", "{{.Image}}", container]);
  return code === 0 ? await factsOf(docker, stdout.trim()) : undefined;
}

/** The version in the mark that gate.py leaves. Marks of older releases have none. */
const MIGRATED_BY_QUERY = "SELECT to_jsonb(i)->>'version' FROM glitchtip_compose.init i";

async function migratedBy(docker: Docker, database: string): Promise<string | undefined> {
  const { code, stdout } = await docker.cli([
    "exec",
    "-i",
    database,
    "sh",
    "-c",
    `${PSQL_PREAMBLE}sql -c "${MIGRATED_BY_QUERY}"`,
  ]);
  return code === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
}

async function observePostgres(
  docker: Docker,
  { config, engine, containers }: RunningStack,
  workspace: Workspace,
  wanted: string | undefined,
): Promise<ObservedPostgres | undefined> {
  if (config.services[DATABASE] === undefined) return undefined;
  const image = currentPostgres(workspace);
  const majors = new Map<string, number | undefined>();
  for (const one of [image, targetPostgres(image, wanted ?? image)]) majors.set(one, await majorOf(docker, one));
  const { volumes } = await engine.belongings(config.name);
  const running = containers.find(({ service, state }) => service === DATABASE && state === "running");
  const major = (running && (await majorOfServer(docker, running.id))) ?? majors.get(image) ?? postgresMajor(image);
  return defined({
    image,
    major,
    volumes: volumes.map((name) => name.replace(`${config.name}_`, "")),
    majorOf: (one: string) => majors.get(one),
  });
}

/** Returns PG_MAJOR, which the official image sets. */
async function majorOf(docker: Docker, image: string): Promise<number | undefined> {
  const major = Number((await detailsOf(docker, image))?.env.PG_MAJOR);
  return Number.isInteger(major) ? major : undefined;
}

async function majorOfServer(docker: Docker, container: string): Promise<number | undefined> {
  const show = `${PSQL_PREAMBLE}sql -c 'SHOW server_version_num'`;
  const { code, stdout } = await docker.cli(["exec", "-i", container, "sh", "-c", show]);
  return code === 0 ? Math.floor(Number(stdout.trim()) / 10_000) : undefined;
}
