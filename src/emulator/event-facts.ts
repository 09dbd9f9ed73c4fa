import { isObject } from "./body.ts";
import type { Issue } from "./state.ts";

type Facts = Pick<Issue, "hash" | "type" | "level" | "title" | "culprit" | "metadata" | "tags">;

/** What the worker reads out of an event. */
export function describe(payload: Readonly<Record<string, unknown>>): Facts {
  const exception = lastException(payload.exception);
  const type = exception ? "error" : "default";
  const title = (exception ? exceptionTitle(exception) : message(payload)).slice(0, 255) || "<unlabeled event>";
  const culprit = text(payload.transaction);
  const fingerprint = Array.isArray(payload.fingerprint) ? payload.fingerprint.join() : "{{ default }}";
  return {
    hash: fingerprint.replace("{{ default }}", `${type} ${title} ${culprit}`),
    type,
    level: text(payload.level) || "error",
    title,
    culprit,
    metadata: exception ? { type: text(exception.type), value: text(exception.value) } : {},
    tags: tags(payload),
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function lastException(value: unknown): Record<string, unknown> | undefined {
  const list: unknown = isObject(value) ? value.values : value;
  const last: unknown = Array.isArray(list) ? list.at(-1) : undefined;
  return isObject(last) ? last : undefined;
}

function exceptionTitle(exception: Record<string, unknown>): string {
  const value = text(exception.value).split("\n")[0];
  return value ? `${text(exception.type) || "Error"}: ${value}` : text(exception.type) || "Error";
}

function message(payload: Readonly<Record<string, unknown>>): string {
  const given = payload.message ?? payload.logentry;
  const found = isObject(given) ? text(given.formatted) || text(given.message) : text(given);
  return found.split("\n")[0] ?? "";
}

function tags(payload: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {};
  const given = payload.tags;
  const pairs: unknown[] = Array.isArray(given) ? given : isObject(given) ? Object.entries(given) : [];
  for (const pair of pairs) if (Array.isArray(pair)) found[String(pair[0])] = String(pair[1]);
  for (const name of ["environment", "release", "server_name"]) {
    if (typeof payload[name] === "string") found[name] = payload[name];
  }
  return found;
}
