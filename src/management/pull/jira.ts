import { isDeepStrictEqual } from "node:util";
import type { ObservedAlert } from "../../reconcile/index.ts";
import { present } from "../import/imported.ts";

/** One board of the bridge, as its address says it. */
interface Board {
  readonly project: string;
  readonly labels: readonly string[];
  readonly components: readonly string[];
  readonly issueType: string | undefined;
}

export interface PulledJira {
  readonly alertUrl: string;
  readonly token: string | undefined;
  /** `jira` of the project. */
  readonly jira: Readonly<Record<string, unknown>>;
}

const QUERY: ReadonlySet<string> = new Set(["labels", "components", "token", "issue_type"]);

/** The project's `jira` that makes this alert, or undefined where none does. */
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
    return { alertUrl, token, jira: present({ project: board.project, ...tickets, issueType: board.issueType }) };
  }
  const jiraBoard = boards.map(({ board: { project, issueType } }) => present({ name: project, issueType }));
  return { alertUrl, token, jira: present({ ...tickets, escalationPolicy: { channels: { jiraBoard } } }) };
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
