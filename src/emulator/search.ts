import { hexId } from "./event-shape.ts";
import type { Issue, State } from "./state.ts";

/** `is:`, `level:`, `tag:value`, an event id, or words of the title, which must all be there (ingest: "issue search by title"). */
export function matches(state: State, issue: Issue, query: string): boolean {
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
