import { CodedError } from "../../base/errors.ts";
import { resolveServer } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import {
  databaseContainerOf,
  observeStack,
  queueInDatabase,
  type RunningStack,
  readBacklog,
} from "../../running/index.ts";
import type { Workspace } from "../../workspace/index.ts";
import { COMPOSED } from "./compose-points.ts";
import { DECIDED } from "./decided-points.ts";
import { LIVE } from "./live-points.ts";
import { fail, type HardeningPoint, type Seen, type Verdict } from "./point.ts";
import { ask, frontOf, servedCertificate } from "./served.ts";
import { SETTINGS } from "./settings-points.ts";

/** The hardening table, in the order in which docs/production.md has it. */
export const HARDENING: readonly HardeningPoint[] = [...SETTINGS, ...DECIDED, ...COMPOSED, ...LIVE];

export interface CheckedPoint extends Verdict {
  readonly id: string;
  readonly what: string;
}

/** Every point with its verdict. What cannot be looked at is unknown, never passed. */
export async function checkProduction(
  docker: Docker,
  project: Workspace,
  { shell, nowMs }: { readonly shell: Seen["shell"]; readonly nowMs: number },
): Promise<CheckedPoint[]> {
  const seen: Seen = { project, shell, ...(await look(docker, project, nowMs)) };
  return HARDENING.map((point) => ({ id: point.id, what: point.what, ...verdict(point, seen) }));
}

function verdict(point: HardeningPoint, seen: Seen): Verdict {
  try {
    return point.check(seen);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return fail(error.message, error.remedy ?? "npx glitchtip-compose doctor");
  }
}

type Looked = Omit<Seen, "project" | "shell">;

/** Without an engine or with files that Compose refuses, the rest is still told. */
async function look(docker: Docker, project: Workspace, nowMs: number): Promise<Looked> {
  const config = await docker.compose.config().catch(expected);
  const stack = await observeStack(docker).catch(expected);
  if (stack === undefined || stack.containers.length === 0) return config === undefined ? {} : { config };
  const [hashes, backlog, front] = await Promise.all([
    hashesOf(docker),
    backlogOf(docker, project, stack, nowMs),
    frontOf(docker, project.declaration, stack),
  ]);
  return {
    config: stack.config,
    stack,
    ...(hashes === undefined ? {} : { hashes }),
    ...(backlog === undefined ? {} : { backlog }),
    ...(front === undefined ? {} : await outside(front, project, nowMs)),
  };
}

async function hashesOf(docker: Docker): Promise<Seen["hashes"]> {
  const result = await docker.cli(["compose", "config", "--hash", "*"], { deadlineMs: 60_000 }).catch(expected);
  if (result?.code !== 0) return undefined;
  return new Map([...result.stdout.matchAll(/^(\S+) (\S+)$/gm)].map(([, service = "", hash = ""]) => [service, hash]));
}

async function backlogOf(docker: Docker, { declaration }: Workspace, stack: RunningStack, nowMs: number) {
  const { server } = resolveServer(declaration.server);
  const queue = queueInDatabase(server);
  return queue === undefined ? undefined : await readBacklog(docker, databaseContainerOf(stack), queue, nowMs);
}

async function outside(front: NonNullable<Seen["front"]>, { declaration }: Workspace, nowMs: number): Promise<Looked> {
  const limitBytes = (declaration.production?.bodyMegabytes.other ?? 0) * 1_000_000;
  const [certificate, http, https, tooLarge] = await Promise.all([
    servedCertificate(front, nowMs),
    ask(front, "http", "/"),
    ask(front, "https", "/api/settings/"),
    ask(front, "https", "/api/settings/", new Uint8Array(limitBytes + 1)),
  ]);
  return { front, certificate, asked: { http, https, tooLarge } };
}

function expected(error: unknown): undefined {
  if (error instanceof CodedError && error.code !== "GC1003") return undefined;
  throw error;
}
