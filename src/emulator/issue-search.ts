import type { RouteCall } from "./call.ts";
import { hexId } from "./event-payload.ts";
import type { Order } from "./paging.ts";
import type { IssueRow, ProjectRow } from "./rows.ts";
import type { EmulatorState } from "./state.ts";

export interface FoundIssue {
  readonly issue: IssueRow;
  readonly project: ProjectRow;
}

const padded = (value: number): string => String(value).padStart(12, "0");
const descending = true;
const lastSeenFirst: Order<FoundIssue> = { by: ({ issue }) => issue.lastSeen + padded(issue.id), descending };
const firstSeenFirst: Order<FoundIssue> = { by: ({ issue }) => issue.firstSeen + padded(issue.id), descending };
const mostFirst: Order<FoundIssue> = { by: ({ issue }) => padded(issue.count), descending };

/** Returns the order that the query parameter `sort` asks for. */
export function issueOrder(call: RouteCall): Order<FoundIssue> {
  const sort = call.query.get("sort") ?? "-last_seen";
  const orders = { last_seen: lastSeenFirst, first_seen: firstSeenFirst, count: mostFirst, priority: lastSeenFirst };
  const found = orders[sort.replace(/^-/, "") as keyof typeof orders] ?? lastSeenFirst;
  return { ...found, descending: sort.startsWith("-") };
}

/** Returns the issues of these projects that match `query`, `id` and `project` of the query string. */
export function selectIssues(call: RouteCall, projects: readonly ProjectRow[], withDeleted: boolean): FoundIssue[] {
  const { state, query } = call;
  const ids = query.getAll("id").map(Number);
  const projectIds = query.getAll("project").map(Number);
  const isWanted = (issue: IssueRow): boolean =>
    (withDeleted || issue.deletedAtMs === null) &&
    (ids.length === 0 || ids.includes(issue.id)) &&
    matches(state, issue, query.get("query") ?? "");
  return projects
    .filter(({ id }) => projectIds.length === 0 || projectIds.includes(id))
    .flatMap((project) =>
      state.issues
        .where("project", project.id)
        .filter(isWanted)
        .map((issue) => ({ issue, project })),
    );
}

/**
 * Returns whether an issue matches a query: `is:`, `level:`, `has:`, `tag:value`, an event id, and words that must all occur
 * in the title (ingest: "issue search by title").
 */
export function matches(state: EmulatorState, issue: IssueRow, query: string): boolean {
  const eventId = hexId(query);
  if (eventId) return state.events.where("eventId", eventId).some((event) => event.issueId === issue.id);
  const words = query.match(/[^\s"]+:"[^"]*"|"[^"]*"|\S+/g) ?? [];
  const title = `${issue.title} ${issue.culprit}`.toLowerCase();
  return words.every((word) => {
    const [, name, value] = /^([\w.]+):(.*)$/.exec(word) ?? [];
    if (name === undefined || value === undefined) return hasWords(title, word.replaceAll('"', "").toLowerCase());
    const wanted = value.replaceAll('"', "");
    if (name === "is") return issue.status === wanted;
    if (name === "level") return issue.level === wanted;
    if (name === "has") return wanted in issue.tags;
    return issue.tags[name] === wanted;
  });
}

function hasWords(title: string, words: string): boolean {
  if (words.includes("*")) return title.includes(words.replaceAll("*", ""));
  const known = new Set(title.split(/[^\p{L}\p{N}_]+/u));
  return words.split(/[^\p{L}\p{N}_]+/u).every((word) => word === "" || known.has(word));
}
