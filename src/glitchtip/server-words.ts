import { cleanLine } from "../base/clean.ts";
import type { HttpAnswer } from "../http/http.ts";

/** The API's own words, else the page's title; never more than a line. */
export function serverWords({ text }: HttpAnswer): string {
  try {
    return line(wordsOf(JSON.parse(text)));
  } catch {
    const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1];
    return line(title === undefined ? text : `page "${title.trim()}"`);
  }
}

/** `detail` as a text or a list of problems with their place (errors scenario); `errors` at the sign-in. */
function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join("; ");
  if (typeof value !== "object" || value === null) return String(value);
  if ("detail" in value) return wordsOf(value.detail);
  if ("errors" in value) return wordsOf(value.errors);
  if ("message" in value) return wordsOf(value.message);
  if (!("msg" in value)) return JSON.stringify(value);
  const at = "loc" in value && Array.isArray(value.loc) ? `${value.loc.at(-1)}: ` : "";
  return at + wordsOf(value.msg);
}

const line = (text: string): string => cleanLine(text.replace(/\s+/g, " ").trim(), 200);
