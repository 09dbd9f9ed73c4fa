import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { resolveServer } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { observeStack, queueInDatabase, type RunningStack, readBacklog } from "../../running/index.ts";
import type { Workspace } from "../../workspace/index.ts";
import { COMPOSE_POINTS } from "./compose-points.ts";
import { DECIDED_POINTS } from "./decided-points.ts";
import { LIVE_POINTS } from "./live-points.ts";
import { failed, type HardeningPoint, type ProductionFacts, type Verdict } from "./point.ts";
import { readStoredValues } from "./secret-values.ts";
import { ask, frontOf, servedCertificate } from "./served.ts";
import { SETTINGS_POINTS } from "./settings-points.ts";

/** The hardening table, in the order in which docs/production.md has it. */
export const HARDENING_POINTS: readonly HardeningPoint[] = [
  ...SETTINGS_POINTS,
  ...DECIDED_POINTS,
  ...COMPOSE_POINTS,
  ...LIVE_POINTS,
];

export interface CheckedPoint extends Verdict {
  readonly id: string;
  readonly what: string;
}

/** Returns every point with its verdict. A point that cannot be looked at is unknown, never passed. */
export async function checkProduction(
  docker: Docker,
  workspace: Workspace,
  { shell, nowMs }: { readonly shell: ProductionFacts["shell"]; readonly nowMs: number },
): Promise<CheckedPoint[]> {
  const seen: ProductionFacts = { workspace, shell, ...(await readFacts(docker, workspace, nowMs)) };
  return HARDENING_POINTS.map((point) => ({ id: point.id, what: point.what, ...verdict(point, seen) }));
}

function verdict(point: HardeningPoint, seen: ProductionFacts): Verdict {
  try {
    return point.check(seen);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return failed(error.message, error.remedy ?? "npx glitchtip-compose doctor");
  }
}

type ReadFacts = Omit<ProductionFacts, "workspace" | "shell">;

/** Reads what can be read. Without an engine, or with files that Compose refuses, the rest is still judged. */
async function readFacts(docker: Docker, workspace: Workspace, nowMs: number): Promise<ReadFacts> {
  const config = await docker.compose.config().catch(expected);
  const stack = await observeStack(docker).catch(expected);
  if (stack === undefined || stack.containers.length === 0) return config === undefined ? {} : { config };
  const [hashes, backlog, front, made] = await Promise.all([
    hashesOf(docker),
    backlogOf(docker, workspace, stack, nowMs),
    frontOf(docker, workspace.declaration, stack),
    readStoredValues(docker).catch(expected),
  ]);
  const outside = front && (await readFromOutside(front, workspace, nowMs));
  return { ...defined({ config: stack.config, stack, hashes, backlog, made }), ...outside };
}

async function hashesOf(docker: Docker): Promise<ProductionFacts["hashes"]> {
  const result = await docker.cli(["compose", "config", "--hash", "*"], { deadlineMs: 60_000 }).catch(expected);
  if (result?.code !== 0) return undefined;
  return new Map([...result.stdout.matchAll(/^(\S+) (\S+)$/gm)].map(([, service = "", hash = ""]) => [service, hash]));
}

async function backlogOf(docker: Docker, { declaration }: Workspace, stack: RunningStack, nowMs: number) {
  const { server } = resolveServer(declaration.server);
  const queue = queueInDatabase(server);
  return queue === undefined ? undefined : await readBacklog(docker, stack, queue, nowMs);
}

/** Reads what a browser gets. */
async function readFromOutside(
  front: NonNullable<ProductionFacts["front"]>,
  { declaration }: Workspace,
  nowMs: number,
): Promise<ReadFacts> {
  const limitBytes = (declaration.production?.bodyMegabytes.other ?? 0) * 1_000_000;
  const [certificate, http, https, tooLarge] = await Promise.all([
    servedCertificate(front, nowMs),
    ask(front, "http", "/"),
    ask(front, "https", "/api/settings/"),
    ask(front, "https", "/api/settings/", new Uint8Array(limitBytes + 1)),
  ]);
  return { front, certificate, answers: { http, https, tooLarge } };
}

function expected(error: unknown): undefined {
  if (error instanceof CodedError && error.code !== "GC1003") return undefined;
  throw error;
}
