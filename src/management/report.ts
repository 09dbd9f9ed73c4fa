import { defined } from "../base/defined.ts";
import type { CodedError, ErrorCode } from "../base/errors.ts";
import type { Action, FieldChange, Kind, Plan, Remark, Undeclared } from "../reconcile/index.ts";
import type { Outcome } from "./apply.ts";
import type { Looked } from "./plan-servers.ts";
import type { PerServer } from "./servers.ts";

/** An action in the format that other tools read (glitchtip-project-alerts). `project` is the slug. */
export interface ReportedAction {
  readonly action_type: Action["type"];
  readonly instance: string;
  readonly organization: string;
  readonly project?: string;
  /** Present for alerts only. */
  readonly alert_name?: string;
  readonly kind: Kind;
  readonly name: string;
  readonly changes: readonly FieldChange[];
  readonly warning?: string;
}

export interface ReportedProblem extends Remark {
  readonly code?: string;
  readonly remedy?: string;
}

export interface Report {
  readonly status: "success" | "failed" | "interrupted";
  readonly actions: readonly ReportedAction[];
  readonly applied_actions: readonly ReportedAction[];
  readonly applied_count: number;
  /** One line for each problem. */
  readonly errors: readonly string[];
  readonly problems: readonly ReportedProblem[];
  readonly warnings: readonly Remark[];
  readonly undeclared: readonly Undeclared[];
}

export type LookedServer = PerServer<Looked>;

export const plansOf = (servers: readonly LookedServer[]): Plan[] =>
  servers.flatMap((one) => ("result" in one ? [one.result.plan] : []));

export function reported(action: Action): ReportedAction {
  const { type, instance, organization, project, kind, name, changes, warning } = action;
  return {
    action_type: type,
    instance,
    organization,
    ...defined({ project }),
    ...(kind === "alert" ? { alert_name: name } : {}),
    kind,
    name,
    changes,
    ...defined({ warning }),
  };
}

/** Returns all problems: of servers, of reading, of planning and of applying. */
export function reportedProblems(
  servers: readonly LookedServer[],
  outcomes: readonly Outcome[] = [],
): ReportedProblem[] {
  const seen = servers.flatMap((one): ReportedProblem[] => {
    if ("error" in one) return [coded({ instance: one.declared.desired.name, message: one.error.message }, one.error)];
    const { plan, problems } = one.result;
    return [...problems.map(({ error, kind: _, ...remark }) => coded(remark, error)), ...impossible(plan)];
  });
  return [...seen, ...outcomes.flatMap(failure)];
}

/** Returns what could not be planned. */
export const impossible = ({ errors }: Pick<Plan, "errors">): ReportedProblem[] =>
  errors.map((remark) => ({ ...remark, code: "GC1410" satisfies ErrorCode }));

function failure(outcome: Outcome): ReportedProblem[] {
  if (outcome.result === "applied") return [];
  const { instance, organization, project } = outcome.action;
  const where = { instance, organization, ...defined({ project }) };
  const what = `${outcome.action.type} ${nameOf(outcome.action)}`;
  if (outcome.result === "skipped") return [{ ...where, message: `${what}: not tried: ${outcome.reason}` }];
  return [coded({ ...where, message: `${what}: ${outcome.error.message}` }, outcome.error)];
}

const WORDS: Readonly<Partial<Record<Kind, string>>> = { statusPage: "status page" };

export const wordFor = (kind: Kind): string => WORDS[kind] ?? kind;

export const nameOf = ({ kind, name }: Pick<Action, "kind" | "name">): string => `${wordFor(kind)} "${name}"`;

/** Returns a problem with its code and remedy. */
export const coded = (remark: Remark, { code, remedy, problems }: CodedError): ReportedProblem => ({
  ...remark,
  message: [remark.message, ...problems].join("; "),
  code,
  ...defined({ remedy }),
});

export const placeOf = ({ instance, organization, project }: Remark): string =>
  [instance, organization, project].filter((part) => part !== undefined).join("/");

export function reportOf(servers: readonly LookedServer[], outcomes: readonly Outcome[] = []): Report {
  const plans = plansOf(servers);
  const applied = outcomes.filter(({ result }) => result === "applied").map(({ action }) => reported(action));
  const problems = reportedProblems(servers, outcomes);
  return {
    status: problems.length === 0 ? "success" : "failed",
    actions: plans.flatMap(({ actions }) => actions.map(reported)),
    applied_actions: applied,
    applied_count: applied.length,
    errors: problems.map((problem) => `${placeOf(problem)}: ${problem.message}`),
    problems,
    warnings: plans.flatMap(({ warnings }) => warnings),
    undeclared: plans.flatMap(({ undeclared }) => undeclared),
  };
}
