import type { KeyPath } from "../../config/contents.ts";
import {
  type Action,
  type DesiredAlert,
  JIRA_ALERT,
  matchRecipients,
  type ObservedAlert,
} from "../../reconcile/index.ts";
import { declaredMonitor, declaredRecipient } from "./declare.ts";
import type { DeclarationEdit } from "./document.ts";
import { jiraEdits } from "./jira.ts";
import type { SecretKeeper } from "./keep-secrets.ts";
import { indexOf, isTaken, LISTS, type ProjectPlace } from "./places.ts";
import type { Made, WishContext } from "./wishes.ts";

/** Returns the edits that do to the declaration what apply would do to the server. */
export function fromAction(context: WishContext, action: Action): Made {
  const { places } = context;
  const around = places.organization(action);
  if (around === undefined) return undefined;
  if (action.kind === "organization") return fromOrganization(context, action, around.part.path);
  // Everything inside an organization that is not there goes with it.
  if (around.observed === undefined) return undefined;
  // A list of teams that was not read does not tell that a team is gone.
  if (action.kind === "team" && around.observed.teams === undefined) return undefined;
  const project = action.project === undefined ? undefined : places.project(action);
  if (action.kind === "project") return fromProject(context, action, project);
  if (action.project !== undefined && project?.observed === undefined) return undefined;
  if (action.kind === "alert" && action.name === JIRA_ALERT && project !== undefined) {
    return fromJiraAlert(context, action, project);
  }
  const [path, body] = project === undefined ? [around.part.path, around.part.body] : [project.path, project.body];
  const at = indexOf(body, action.kind, action.name);
  if (at === -1 || action.type === "delete") return undefined;
  const place = [...path, LISTS[action.kind].key, at];
  if (action.type === "create") return removed(place);
  return { how: "changed", edits: changed(context, action, place, project) };
}

const removed = (path: KeyPath): Made => ({ how: "removed", edits: [{ path, value: undefined }] });

function fromOrganization(context: WishContext, action: Action, path: KeyPath): Made {
  if (action.type === "create") return "is not on the server; it stays declared";
  return action.type === "update" ? renamed(context, action, path) : undefined;
}

function fromProject({ used }: WishContext, action: Action, project: ProjectPlace | undefined): Made {
  if (action.type === "delete" || project === undefined) return undefined;
  if (action.type === "update") return changedProject(project, action);
  if (used.has(project.key)) return "is not on the server; it stays declared, because applications report to it";
  return removed(project.path);
}

function fromJiraAlert(context: WishContext, action: Action, project: ProjectPlace): Made {
  if (action.type === "create") return removed([...project.path, "jira"]);
  if (action.type === "delete") return undefined;
  const alert = project.observed?.alerts?.find(({ id }) => id === action.id);
  return jiraEdits(context, project, alert);
}

/** Renames a declared organization. Only one whose slug is declared is renamed; another one is known by its name. */
function renamed({ round, grown }: WishContext, { changes }: Update, path: KeyPath): Made {
  const name = String(changes[0]?.from ?? "");
  const beside = round.part.body.organization === name || isTaken({ round, grown }, [...path.slice(0, -1), name]);
  if (beside) return `is called "${name}" now, and so is another one`;
  return { how: "changed", edits: [{ path, value: undefined, rename: name }] };
}

type Update = Extract<Action, { readonly type: "update" }>;

function changed(
  { keeper, places }: WishContext,
  action: Update,
  place: KeyPath,
  project: ProjectPlace | undefined,
): DeclarationEdit[] {
  const fields = new Set(action.changes.map(({ field }) => field));
  const set = (found: object | undefined, names: readonly string[]) =>
    names.flatMap((name): DeclarationEdit[] => {
      const value = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
      return fields.has(name) && value !== undefined ? [{ path: [...place, name], value }] : [];
    });
  const there = places.organization(action)?.observed;
  const words = project === undefined ? [] : [project.key];
  switch (action.kind) {
    case "alert": {
      const found = project?.observed?.alerts?.find(({ id }) => id === action.id);
      const wanted = project?.desired?.alerts?.find(({ name }) => name === action.name);
      if (found === undefined || wanted === undefined) return [];
      const recipients = fields.has("recipients") ? recipientEdits(wanted, found, place, keeper, words) : [];
      // A declaration has both numbers or neither, which is an alert of uptime alone.
      if (ALERT_FIELDS.some((field) => fields.has(field))) for (const field of ALERT_NUMBERS) fields.add(field);
      return [...set(found, ALERT_FIELDS), ...recipients];
    }
    case "monitor": {
      const found = there?.monitors?.find(({ id }) => id === action.id);
      const value = found && declaredMonitor(found, keeper, words);
      const url = fields.has("url") && value !== undefined ? [{ path: [...place, "url"], value: value.url }] : [];
      return [...set(found, MONITOR_FIELDS), ...url];
    }
    case "member": {
      const member = there?.members?.find(({ id }) => id === action.id);
      return set(member, ["role", "teams"]);
    }
    default:
      return [];
  }
}

const ALERT_NUMBERS = ["quantity", "timespanMinutes"] as const;
const ALERT_FIELDS = [...ALERT_NUMBERS, "uptime"] as const;
const MONITOR_FIELDS = [
  "type",
  "intervalSeconds",
  "timeoutSeconds",
  "expectedStatus",
  "expectedBody",
  "confirmationThreshold",
] as const;

function recipientEdits(
  wanted: DesiredAlert,
  found: ObservedAlert,
  place: KeyPath,
  keeper: SecretKeeper,
  words: readonly string[],
): DeclarationEdit[] {
  const left = new Set(found.recipients);
  const list = [...place, "recipients"];
  const kept = wanted.recipients.flatMap((one, at): DeclarationEdit[] => {
    for (const there of left) {
      const { same, tagsChange } = matchRecipients([one], [there]);
      if (!same) continue;
      left.delete(there);
      const tags = there.tagsToAdd?.length ? [...there.tagsToAdd] : undefined;
      return tagsChange ? [{ path: [...list, at, "tagsToAdd"], value: tags }] : [];
    }
    return [{ path: [...list, at], value: undefined }];
  });
  const more = [...left].map((one, at) => ({
    path: [...list, wanted.recipients.length + at],
    value: declaredRecipient(one, keeper, [...words, found.name]),
  }));
  return [...kept, ...more];
}

function changedProject({ path, observed }: ProjectPlace, { changes }: Update): Made {
  if (observed === undefined) return undefined;
  const { name, slug, platform, throttle, teams } = observed;
  const values: Readonly<Record<string, unknown>> = { name, slug, platform: platform || undefined, throttle };
  const edits = changes.map(({ field }) =>
    field === "teams" ? { path: [...path, "team"], value: teams[0] } : { path: [...path, field], value: values[field] },
  );
  return { how: "changed", edits };
}
