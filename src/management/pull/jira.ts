import { isDeepStrictEqual } from "node:util";
import { defined } from "../../base/defined.ts";
import { JIRA_ALERT } from "../../config/contents-checks.ts";
import type { ObservedAlert } from "../../reconcile/index.ts";
import type { ProjectPlace } from "./places.ts";
import type { WishContext } from "./wishes.ts";

/** A board of the bridge, as its URL describes it. */
interface Board {
  readonly project: string;
  readonly labels: readonly string[];
  readonly components: readonly string[];
  readonly issueType: string | undefined;
}

export interface PulledJira {
  readonly alertUrl: string;
  readonly token: string | undefined;
  /** The project's `jira`. */
  readonly jira: Readonly<Record<string, unknown>>;
}

const QUERY: ReadonlySet<string> = new Set(["labels", "components", "token", "issue_type"]);

/** Returns the project's `jira` that gives this alert; undefined where none does. */
export function pulledJira({ recipients }: ObservedAlert): PulledJira | undefined {
  const read = recipients.map(({ type, url }) => (type === "webhook" ? readBoard(url) : undefined));
  const boards = read.flatMap((one) => one ?? []);
  const [first] = boards;
  if (first === undefined || boards.length < read.length) return undefined;
  const same = boards.every(
    (one) =>
      one.alertUrl === first.alertUrl &&
      one.token === first.token &&
      isDeepStrictEqual([one.board.labels, one.board.components], [first.board.labels, first.board.components]),
  );
  if (!same) return undefined;
  const { alertUrl, token, board } = first;
  const { labels, components } = board;
  const tickets = { labels: filled(labels), components: filled(components) };
  if (boards.length === 1) {
    return { alertUrl, token, jira: defined({ project: board.project, ...tickets, issueType: board.issueType }) };
  }
  const jiraBoard = boards.map(({ board: { project, issueType } }) => defined({ name: project, issueType }));
  return { alertUrl, token, jira: defined({ ...tickets, escalationPolicy: { channels: { jiraBoard } } }) };
}

function readBoard(url: string): { alertUrl: string; token: string | undefined; board: Board } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname, searchParams } = new URL(url);
  const [, base, project] = /^(.*\/api\/v1\/alert)\/([^/]+)$/.exec(pathname) ?? [];
  if (project === undefined || [...searchParams.keys()].some((name) => !QUERY.has(name))) return undefined;
  return {
    alertUrl: `${origin}${base}`,
    token: searchParams.get("token") ?? undefined,
    board: {
      project: decodeURIComponent(project),
      labels: searchParams.getAll("labels"),
      components: searchParams.getAll("components"),
      issueType: searchParams.get("issue_type") ?? undefined,
    },
  };
}

const filled = (list: readonly string[]): string[] | undefined => (list.length === 0 ? undefined : [...list]);

/**
 * Returns the edits that declare the bridge's alert as `jira` of its project, and the bridge where none is declared.
 */
export function jiraEdits(
  { round, keeper }: Pick<WishContext, "round" | "keeper">,
  { path, body }: ProjectPlace,
  found: ObservedAlert | undefined,
): { how: "added" | "changed"; edits: { path: readonly PropertyKey[]; value: unknown }[] } | string | undefined {
  if (found === undefined) return undefined;
  const pulled = pulledJira(found);
  if (pulled === undefined)
    return `${JIRA_ALERT} posts to an address that is no Jira bridge, or in a way that cannot be declared`;
  const { alertUrl, token, jira } = pulled;
  const edit = { path: [...path, "jira"], value: jira };
  const how = body.jira === undefined ? "added" : "changed";
  const { part } = round;
  const declared = part.connection.jiraBridge;
  if (declared !== undefined) {
    const same = declared.alertUrl.replace(/\/+$/, "") === alertUrl;
    return same ? { how, edits: [edit] } : `posts to ${alertUrl}, and jiraBridge is ${declared.alertUrl}`;
  }
  const bridge = { alertUrl, ...defined({ token: token && keeper.reference(token, ["jira", "token"]) }) };
  const at = part.path.length === 0 ? ["server", "jiraBridge"] : [...part.path, "jiraBridge"];
  return { how, edits: [{ path: at, value: bridge }, edit] };
}
