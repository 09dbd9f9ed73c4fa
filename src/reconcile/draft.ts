import { defined } from "../base/defined.ts";
import { CAPABILITIES, type Capabilities } from "../glitchtip/versions.ts";
import type { Action, ActionBody, ActionPlace, Plan, Remark, Undeclared } from "./action.ts";
import { type DesiredServer, KINDS, type Kind } from "./desired.ts";
import { byId, byText } from "./matching.ts";
import type { PlanOptions } from "./plan.ts";

/** Where in a server something is; the draft knows the instance. */
export type PlanPlace = Omit<ActionPlace, "instance">;

interface UndeclaredObject {
  readonly id: string;
  readonly name: string;
  readonly slug?: string | undefined;
}

interface Removal {
  readonly note?: string | undefined;
  readonly warning?: string | undefined;
  /** Taken away without `prune`: what a failed request of ours left behind. */
  readonly always?: boolean;
  /** Organizations and projects are gone for good with all that is in them: this has to be typed. */
  readonly confirm?: string;
}

/** A plan in the making, and the rules that it obeys. */
export interface Draft {
  readonly instance: string;
  readonly server: Pick<DesiredServer, "prune" | "allowPrivateAddresses">;
  readonly capabilities: Capabilities;
  readonly manages: ReadonlySet<Kind>;
  act(place: PlanPlace, action: ActionBody): void;
  /** On the server and not declared: deleted with `prune`, told without. */
  surplus(kind: Kind, place: PlanPlace, found: UndeclaredObject, removal?: Removal): void;
  warn(place: Partial<PlanPlace>, message: string): void;
  fail(place: Partial<PlanPlace>, message: string): void;
  /** Declared, not there, and not to be made: a warning, or an error in a strict plan. */
  missing(place: Partial<PlanPlace>, message: string): void;
  finish(): Omit<Plan, "known">;
}

export function openDraft(desired: DesiredServer, { generation, strict }: PlanOptions): Draft {
  const instance = desired.name;
  const actions: Action[] = [];
  const undeclared: Undeclared[] = [];
  const warnings: Remark[] = [];
  const errors: Remark[] = [];
  const remark = ({ organization, project }: Partial<PlanPlace>, message: string): Remark => ({
    instance,
    ...(organization === undefined ? {} : { organization }),
    ...(project === undefined ? {} : { project }),
    message,
  });
  return {
    instance,
    server: desired,
    capabilities: CAPABILITIES[generation],
    manages: new Set(desired.manages),
    act: ({ organization, project, at }, body) =>
      void actions.push({ instance, organization, ...defined({ project }), at, ...body }),
    surplus(kind, { organization, project, at }, found, { note, warning, confirm, always = false } = {}) {
      const { id, name, slug } = found;
      const where = { instance, organization, ...(project === undefined ? {} : { project }), name };
      if (!desired.prune && !always) {
        undeclared.push({ kind, ...where, id, ...(note === undefined ? {} : { note }) });
        return;
      }
      const why = [note, warning].filter((text) => text !== undefined).join("; ");
      actions.push({
        type: "delete",
        kind,
        ...where,
        changes: [],
        at,
        id,
        ...(slug === undefined ? {} : { slug }),
        ...(why === "" ? {} : { warning: why }),
        ...(confirm === undefined ? {} : { confirm }),
      });
    },
    warn: (place, message) => void warnings.push(remark(place, message)),
    fail: (place, message) => void errors.push(remark(place, message)),
    missing: (place, message) => void (strict ? errors : warnings).push(remark(place, message)),
    finish: () => ({ actions: inOrder(actions), undeclared: undeclared.sort(byPlace), warnings, errors }),
  };
}

type Standing = Pick<Undeclared, "kind" | "organization" | "project" | "name"> & {
  readonly id?: string;
  readonly type?: Action["type"];
};

const byPlace = (a: Standing, b: Standing): number =>
  byText(a.organization, b.organization) ||
  byText(a.project ?? "", b.project ?? "") ||
  KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
  // "create" before "update", by their letters.
  byText(a.type ?? "", b.type ?? "") ||
  byText(a.name, b.name) ||
  byId(a.id ?? "", b.id ?? "");

/** Made, then changed, by name; from the outside in, then taken away from the inside out; the same in every run. */
function inOrder(actions: readonly Action[]): Action[] {
  const stage = (action: Action): number => {
    const at = KINDS.indexOf(action.kind);
    if (action.type === "delete") return 2 * KINDS.length - at;
    // A new owner before the old one is none any more: the server keeps at least one (members).
    const isOwnerNow = action.kind === "member" && action.type === "update" && action.desired.role === "owner";
    return isOwnerNow ? at - 0.5 : at;
  };
  return actions.toSorted((a, b) => stage(a) - stage(b) || byPlace(a, b));
}
