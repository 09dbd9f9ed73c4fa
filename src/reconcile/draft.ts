import { defined } from "../base/defined.ts";
import { CAPABILITIES, type Capabilities } from "../glitchtip/versions.ts";
import type { Action, ActionBody, ActionPlace, Plan, Remark, Undeclared } from "./action.ts";
import { type DesiredServer, KINDS, type Kind } from "./desired.ts";
import { byId, byText } from "./matching.ts";
import type { PlanOptions } from "./plan.ts";

/** A place in the server of the draft. */
export type PlanPlace = Omit<ActionPlace, "instance">;

interface UndeclaredObject {
  readonly id: string;
  readonly name: string;
  readonly slug?: string | undefined;
}

interface Removal {
  readonly note?: string | undefined;
  readonly warning?: string | undefined;
  /** Deletes the object even without `prune`, because a failed request of ours left it behind. */
  readonly always?: boolean;
  /** The text that has to be typed, because an organization or project is lost with all that is in it. */
  readonly confirm?: string;
}

/** A plan while it is being made, and the rules that it follows. */
export interface Draft {
  readonly instance: string;
  readonly server: Pick<DesiredServer, "prune" | "allowPrivateAddresses">;
  readonly capabilities: Capabilities;
  readonly manages: ReadonlySet<Kind>;
  act(place: PlanPlace, action: ActionBody): void;
  /** Handles an object that is not declared: deletes it with `prune`, reports it without. */
  surplus(kind: Kind, place: PlanPlace, found: UndeclaredObject, removal?: Removal): void;
  warn(place: Partial<PlanPlace>, message: string): void;
  fail(place: Partial<PlanPlace>, message: string): void;
  /** Reports what is declared and missing, and may not be created: a warning, or an error in a strict plan. */
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
    ...defined({ organization, project }),
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
      const where = { instance, organization, ...defined({ project }), name };
      if (!desired.prune && !always) {
        undeclared.push({ kind, ...where, id, ...defined({ note }) });
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
        ...defined({ slug, warning: why || undefined, confirm }),
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
  // Alphabetical order puts "create" before "update".
  byText(a.type ?? "", b.type ?? "") ||
  byText(a.name, b.name) ||
  byId(a.id ?? "", b.id ?? "");

/**
 * Sorts creates and updates from the outside in, then deletes from the inside out. The order is the same in every run.
 */
function inOrder(actions: readonly Action[]): Action[] {
  const stage = (action: Action): number => {
    const at = KINDS.indexOf(action.kind);
    if (action.type === "delete") return 2 * KINDS.length - at;
    // A new owner comes first: the server refuses to remove the last owner (members scenario).
    const isOwnerNow = action.kind === "member" && action.type === "update" && action.desired.role === "owner";
    return isOwnerNow ? at - 0.5 : at;
  };
  return actions.toSorted((a, b) => stage(a) - stage(b) || byPlace(a, b));
}
