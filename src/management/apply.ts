import { CodedError } from "../base/errors.ts";
import type { Action, Kind } from "../reconcile/index.ts";
import { applyAlert, applyKey, applyMonitor, applyStatusPage } from "./apply-contents.ts";
import { type AppliedNote, type ApplyAction, type ApplyRun, openAddresses } from "./apply-context.ts";
import { applyMember } from "./apply-member.ts";
import { applyOrganization, applyProject, applyTeam } from "./apply-structure.ts";
import { openPool } from "./pool.ts";
import { isHopeless } from "./problems.ts";
import type { ServerContext } from "./server-context.ts";

/** The outcome of an action. */
export type Outcome = { readonly action: Action } & (
  | ({ readonly result: "applied" } & AppliedNote)
  | { readonly result: "failed"; readonly error: CodedError }
  /** The action was not tried: an earlier one failed, the server is unreachable, or the user stopped the command. */
  | { readonly result: "skipped"; readonly reason: string }
);

export interface ApplyOptions {
  /** Called for each outcome as soon as it is known. */
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
 * Applies the actions of one server: kind after kind in the plan's order, those of one kind concurrently. A failed action
 * stops only those that need what it should have created. Errors of the server are not thrown: every action has an
 * outcome, in the order of the actions.
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

const STOPPED = "interrupted; the same command continues from here";

/** Calls the handler of the action's kind. TypeScript cannot follow the table, hence the cast. */
const carryOut = (run: ApplyRun, action: Action): Promise<AppliedNote> =>
  (BY_KIND[action.kind] as (run: ApplyRun, action: Action) => Promise<AppliedNote>)(run, action);

/** Groups neighbouring actions of one kind, which do not depend on each other. */
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

/** Returns a key for what the action creates, if other actions can depend on it; otherwise "". */
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
  if (failed.has(`organization ${organization}`)) return `organization "${organization}" could not be created`;
  if (failed.has(`project ${organization} ${project}`)) return `project "${project}" could not be created`;
  const team = action.kind === "project" && action.type === "create" ? action.desired.team : undefined;
  return failed.has(`team ${organization} ${team}`) ? `team "${team}" could not be created` : undefined;
}
