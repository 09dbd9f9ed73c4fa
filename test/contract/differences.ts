import type { Answer, Exchange } from "./scenario.ts";

/** A permitted difference between the emulator and a recording. `settle` is applied to both sides before they are compared. */
interface Difference {
  readonly reason: string;
  readonly scenarios: "all" | readonly string[];
  settle(answer: Answer): Answer;
}

type Visit = (value: unknown, name: string) => unknown;

/** Replaces every value of a body by the result of `visit`, the innermost first. */
export function walk(value: unknown, visit: Visit, name = ""): unknown {
  if (Array.isArray(value))
    return visit(
      value.map((item) => walk(item, visit, name)),
      name,
    );
  if (typeof value === "object" && value !== null) {
    const settled = Object.entries(value).map(([key, item]) => [key, walk(item, visit, key)]);
    return visit(Object.fromEntries(settled), name);
  }
  return visit(value, name);
}

const inBody = (visit: Visit) => (answer: Answer) => ({ ...answer, body: walk(answer.body, visit) });

const asText = (value: unknown): string => JSON.stringify(value);

const DIFFERENCES: readonly Difference[] = [
  {
    reason: "the access list is a Python set, whose order changes with the process",
    scenarios: "all",
    settle: inBody((value, name) => (name === "access" && Array.isArray(value) ? [...value].sort() : value)),
  },
  {
    reason: "recipients come back in any order",
    scenarios: ["alerts"],
    settle: inBody((value, name) =>
      name === "alertRecipients" && Array.isArray(value) ? [...value].sort((a, b) => a.id - b.id) : value,
    ),
  },
  {
    reason: "the Allow header is a Python set",
    scenarios: "all",
    settle: (answer) => {
      const { allow } = answer.headers;
      if (typeof allow !== "string") return answer;
      return { ...answer, headers: { ...answer.headers, allow: allow.split(", ").sort() } };
    },
  },
  {
    reason: "cookies may be set in any order",
    scenarios: "all",
    settle: (answer) => {
      const cookies = answer.headers["set-cookie"];
      if (!Array.isArray(cookies)) return answer;
      return { ...answer, headers: { ...answer.headers, "set-cookie": [...cookies].sort() } };
    },
  },
  {
    reason: "the time of a sign-in is a number, which the recorder did not mask",
    scenarios: "all",
    settle: inBody((value, name) => (name === "at" && typeof value === "number" ? "<time>" : value)),
  },
  {
    reason: "the emulator has short pages for the long ones of Django and GlitchTip",
    scenarios: "all",
    settle: (answer) => {
      const page = typeof answer.body === "string" && /^<!DOCTYPE html>/.test(answer.body);
      return page ? { ...answer, body: "<page>" } : answer;
    },
  },
  {
    reason: "the suffix of a slug that is taken or empty is random: two characters",
    scenarios: ["organizations"],
    settle: inBody((value, name) =>
      name === "slug" && typeof value === "string" ? value.replace(/-[a-z0-9]{2}$/, "-<random>") : value,
    ),
  },
  {
    reason: "5.1 was recorded from a fork with one more type; GlitchTip's own 5.1 does not have it (run)",
    scenarios: ["alerts"],
    settle: inBody((value) => (typeof value === "string" ? value.replace(", RecipientType.TELEGRAM", "") : value)),
  },
  {
    reason: "rows of equal name come in any order",
    scenarios: ["projects"],
    settle: inBody((value) => (Array.isArray(value) ? sortTies(value) : value)),
  },
];

function sortTies(rows: readonly unknown[]): unknown[] {
  const nameOf = (row: unknown) => (row as { name?: unknown } | null)?.name;
  const settled: unknown[] = [];
  for (let at = 0; at < rows.length; ) {
    let end = at + 1;
    while (end < rows.length && nameOf(rows[at]) !== undefined && nameOf(rows[end]) === nameOf(rows[at])) end++;
    settled.push(...rows.slice(at, end).sort((a, b) => (asText(a) < asText(b) ? -1 : 1)));
    at = end;
  }
  return settled;
}

/** Permitted differences between two real servers of one generation. */
export const REAL_SERVER: readonly Difference[] = [
  {
    reason: "the version is the server's",
    scenarios: "all",
    settle: inBody((value, name) => (name === "version" && value !== "0" ? "<version>" : value)),
  },
  {
    reason: "a worker frees the slug of a deleted project at some time; the recorded server had no worker",
    scenarios: ["projects"],
    settle: inBody((value, name) => (name === "slug" && value === "store-2" ? "store" : value)),
  },
  {
    reason: "the recorded servers had a page of one line for a front end",
    scenarios: "all",
    settle: (answer) => {
      const page = typeof answer.body === "string" && /^\s*<!doctype html>/i.test(answer.body);
      return page ? { ...answer, body: "<page>" } : answer;
    },
  },
];

export function settle(scenario: string, exchanges: readonly Exchange[], list = DIFFERENCES): Exchange[] {
  const due = list.filter(({ scenarios }) => scenarios === "all" || scenarios.includes(scenario));
  return exchanges.map(({ response, ...asked }) => ({
    ...asked,
    response: due.reduce((answer, difference) => difference.settle(answer), response),
  }));
}
