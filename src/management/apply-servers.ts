import { appendFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { explainWriteError } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { acquireLock } from "../outputs/lock.ts";
import { openPrivateFolder } from "../outputs/private-folder.ts";
import type { Action } from "../reconcile/index.ts";
import { applyPlan, type Outcome } from "./apply.ts";
import type { DeclaredServer } from "./declared.ts";
import type { LookedServer } from "./report.ts";
import type { Servers } from "./servers.ts";

/** Another apply may be large, or wait for a person who reads its plan. */
const LOCK_WITHIN_MS = 10 * 60_000;
const REMEDY = "Wait for that run, or stop it, then run the command again.";

interface LockContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Allows one apply at a time for each server, from reading to the last change. Locks are taken in one order, which
 * prevents deadlocks.
 */
export async function lockServers(context: LockContext, declared: readonly DeclaredServer[]): Promise<AsyncDisposable> {
  const held: AsyncDisposable[] = [];
  const release = async () => {
    for (const lock of held.toReversed()) await lock[Symbol.asyncDispose]();
  };
  const folders = declared.map(({ dir, desired }) => ({ dir, name: encodeURIComponent(desired.name) }));
  try {
    for (const { dir, name } of folders.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const folder = join(openPrivateFolder(dir, "servers"), name);
      held.push(await acquireLock(folder, { ...context, deadlineMs: LOCK_WITHIN_MS, holder: "apply", remedy: REMEDY }));
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { [Symbol.asyncDispose]: release };
}

export interface ApplyServersOptions {
  /** Returns false for a deletion that was not confirmed. */
  readonly wanted: (action: Action) => boolean;
  onOutcome?(outcome: Outcome): void;
}

/** Applies the plans of all servers concurrently. Returns an outcome for each action, in the order of the plans. */
export async function applyServers(
  servers: Servers,
  looked: readonly LookedServer[],
  { wanted, onOutcome }: ApplyServersOptions,
): Promise<Outcome[]> {
  const applied = await servers.each(async ({ context }, declared) => {
    const found = looked.find((one) => one.declared === declared);
    if (found === undefined || !("result" in found)) return [];
    const { plan, problems } = found.result;
    // The identities of what was not read stay in the store.
    if (problems.length === 0 && plan.errors.length === 0) context.store.replace(plan.known);
    return await applyPlan(context, plan.actions.filter(wanted), defined({ onOutcome }));
  });
  return applied.flatMap((one) => ("result" in one ? one.result : []));
}

/** Stores the links of invitations in a file with mode 0600: whoever has one can join, and the server shows it once. */
export function keepInvitations(dir: string, outcomes: readonly Outcome[]): string | undefined {
  const lines = outcomes.flatMap((outcome) => {
    if (outcome.result !== "applied" || outcome.inviteLink === undefined) return [];
    const { instance, organization, name } = outcome.action;
    return [`${[instance, organization, name, outcome.inviteLink.reveal()].join("\t")}\n`];
  });
  if (lines.length === 0) return undefined;
  const path = join(openPrivateFolder(dir, "provision"), "invitations.tsv");
  try {
    appendFileSync(path, lines.join(""), { mode: 0o600 });
    chmodSync(path, 0o600);
  } catch (error) {
    throw explainWriteError(error, path);
  }
  return path;
}
