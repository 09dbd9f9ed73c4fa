import { JIRA_ALERT } from "../../config/inside/alert-checks.ts";
import type { ObservedAlert } from "../../reconcile/index.ts";
import { pulledJira } from "./jira.ts";
import type { ProjectPlace } from "./places.ts";
import type { WishContext } from "./wishes.ts";

/** The alert that posts to a Jira bridge, as `jira` of its project, and the bridge where none is declared. */
export function jiraEdits(
  { round, keeper }: Pick<WishContext, "round" | "keeper">,
  { path, body }: ProjectPlace,
  found: ObservedAlert | undefined,
): { how: "added" | "changed"; edits: { path: readonly PropertyKey[]; value: unknown }[] } | string | undefined {
  if (found === undefined) return undefined;
  const pulled = pulledJira(found);
  if (pulled === undefined)
    return `${JIRA_ALERT} posts to what is no Jira bridge, or not in a way that can be declared`;
  const { alertUrl, token, jira } = pulled;
  const edit = { path: [...path, "jira"], value: jira };
  const how = body.jira === undefined ? "added" : "changed";
  const { part } = round;
  const declared = part.connection.jiraBridge;
  if (declared !== undefined) {
    const same = declared.alertUrl.replace(/\/+$/, "") === alertUrl;
    return same ? { how, edits: [edit] } : `posts to ${alertUrl}, and jiraBridge is ${declared.alertUrl}`;
  }
  const bridge = { alertUrl, ...(token === undefined ? {} : { token: keeper.reference(token, ["jira", "token"]) }) };
  const at = part.path.length === 0 ? ["server", "jiraBridge"] : [...part.path, "jiraBridge"];
  return { how, edits: [{ path: at, value: bridge }, edit] };
}
