import { CodedError } from "../base/errors.ts";
import type { Action, Kind } from "../reconcile/index.ts";
import { applyAlert, applyKey, applyMonitor, applyStatusPage } from "./apply-contents.ts";
import { type AppliedNote, type ApplyAction, type ApplyRun, openAddresses } from "./apply-context.ts";
import { applyMember } from "./apply-member.ts";
import { applyOrganization, applyProject, applyTeam } from "./apply-structure.ts";
import type { ServerContext } from "./connect.ts";
import { openPool } from "./pool.ts";
import { isHopeless } from "./problems.ts";

/** What became of an action. */
export type Outcome = { readonly action: Action } & (
  | ({ readonly result: "applied" } & AppliedNote)
  | { readonly result: "failed"; readonly error: CodedError }
  /** Not tried: something before it had to succeed, the server is gone, or somebody stopped it. */
  | { readonly result: "skipped"; readonly reason: string }
);

export interface ApplyOptions {
  /** As each is known, in the order of the answers. */
  onOutcome?(outcome: Outcome): void;
}

const BY_KIND: { readonly [K in Kind]: ApplyAction<K> } = {
  organization: applyOrganization,
  team: applyTeam,
  project: applyProject,
  member: applyMember,
  key: applyKey,
  alert: applyAlert,
  monitor: applyMonitor,
  statusPage: applyStatusPage,
};

/**
 * Carries the actions of one server out: kind after kind in the plan's order, those of a kind side by side. One that fails
 * stops only what stands in what it should have made. Never throws for the server's sake: every action has its outcome, in
 * the order of the actions.
 */
export async function applyPlan(
  context: ServerContext,
  actions: readonly Action[],
  { onOutcome }: ApplyOptions = {},
): Promise<Outcome[]> {
  const run: ApplyRun = { ...context, addresses: openAddresses() };
  const outcomes = new Map<Action, Outcome>();
  const failed = new Set<string>();
  let hopeless: CodedError | undefined;
  const settle = (outcome: Outcome) => {
    outcomes.set(outcome.action, outcome);
    onOutcome?.(outcome);
  };
  const attempt = async (action: Action) => {
    const reason = whyNot(action, failed, hopeless, context.signal);
    if (reason !== undefined) {
      failed.add(placeOf(action));
      settle({ action, result: "skipped", reason });
      return;
    }
    try {
      settle({ action, result: "applied", ...(await carryOut(run, action)) });
    } catch (error) {
      failed.add(placeOf(action));
      if (context.signal.aborted) {
        settle({ action, result: "skipped", reason: STOPPED });
        return;
      }
      if (!(error instanceof CodedError)) throw error;
      if (isHopeless(error)) hopeless ??= error;
      settle({ action, result: "failed", error });
    }
  };
  for (const stage of stagesOf(actions)) {
    const pool = openPool();
    for (const action of stage) pool.add(() => attempt(action));
    await pool.finish();
  }
  return actions.flatMap((action) => outcomes.get(action) ?? []);
}

const STOPPED = "interrupted; the same command goes on from here";

/** The kinds are one union: which handler fits which action is what the table says. */
const carryOut = (run: ApplyRun, action: Action): Promise<AppliedNote> =>
  (BY_KIND[action.kind] as (run: ApplyRun, action: Action) => Promise<AppliedNote>)(run, action);

/** Neighbours in the plan of one kind, of which none needs another. */
function stagesOf(actions: readonly Action[]): Action[][] {
  const stages: Action[][] = [];
  let before: string | undefined;
  for (const action of actions) {
    const stage = `${action.type === "delete"} ${action.kind}`;
    if (stage === before) stages.at(-1)?.push(action);
    else stages.push([action]);
    before = stage;
  }
  return stages;
}

/** Under which others may stand; other kinds hold nothing. */
function placeOf({ kind, type, organization, project, name }: Action): string {
  if (type !== "create") return "";
  if (kind === "organization") return `organization ${organization}`;
  if (kind === "project") return `project ${organization} ${project}`;
  return kind === "team" ? `team ${organization} ${name}` : "";
}

function whyNot(
  action: Action,
  failed: ReadonlySet<string>,
  hopeless: CodedError | undefined,
  signal: AbortSignal,
): string | undefined {
  const { organization, project } = action;
  if (signal.aborted) return STOPPED;
  if (hopeless !== undefined) return hopeless.message;
  if (failed.has(`organization ${organization}`)) return `organization "${organization}" could not be made`;
  if (failed.has(`project ${organization} ${project}`)) return `project "${project}" could not be made`;
  const team = action.kind === "project" && action.type === "create" ? action.desired.team : undefined;
  return failed.has(`team ${organization} ${team}`) ? `team "${team}" could not be made` : undefined;
}
