import type { Call } from "./call.ts";
import type { Order } from "./paging.ts";
import { matches } from "./search.ts";
import type { Issue, Project } from "./state.ts";

export interface FoundIssue {
  readonly issue: Issue;
  readonly project: Project;
}

const padded = (value: number): string => String(value).padStart(12, "0");
const descending = true;
const lastSeenFirst: Order<FoundIssue> = { by: ({ issue }) => issue.lastSeen + padded(issue.id), descending };
const firstSeenFirst: Order<FoundIssue> = { by: ({ issue }) => issue.firstSeen + padded(issue.id), descending };
const mostFirst: Order<FoundIssue> = { by: ({ issue }) => padded(issue.count), descending };

/** As `sort` wishes. */
export function issueOrder(call: Call): Order<FoundIssue> {
  const sort = call.query.get("sort") ?? "-last_seen";
  const orders = { last_seen: lastSeenFirst, first_seen: firstSeenFirst, count: mostFirst, priority: lastSeenFirst };
  const found = orders[sort.replace(/^-/, "") as keyof typeof orders] ?? lastSeenFirst;
  return { ...found, descending: sort.startsWith("-") };
}

/** Issues of these projects that match `query`, `id` and `project` of the address. */
export function selectIssues(call: Call, projects: readonly Project[], withDeleted: boolean): FoundIssue[] {
  const { state, query } = call;
  const ids = query.getAll("id").map(Number);
  const projectIds = query.getAll("project").map(Number);
  const found: FoundIssue[] = [];
  for (const project of projects) {
    if (projectIds.length > 0 && !projectIds.includes(project.id)) continue;
    for (const issue of state.issues.where("project", project.id)) {
      if (!withDeleted && issue.deletedAtMs !== null) continue;
      if (ids.length > 0 && !ids.includes(issue.id)) continue;
      if (matches(state, issue, query.get("query") ?? "")) found.push({ issue, project });
    }
  }
  return found;
}
