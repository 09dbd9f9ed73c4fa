/** Masks values that change from run to run (README.md, "A recording"). */

const LONGEST_LIST = 40;
const LONGEST_PAGE = 600;
/** Shorter values are not masked: ids and the slug of the first organization. */
const SHORTEST_VARIABLE = 6;

export interface Known {
  readonly variables: ReadonlyMap<string, string>;
  readonly origin: string;
  readonly host: string;
}

export function maskText(text: string, known: Known): string {
  let masked = text;
  for (const [name, value] of known.variables) {
    if (value.length >= SHORTEST_VARIABLE) masked = masked.replaceAll(value, `{{${name}}}`);
  }
  return masked
    .replaceAll(known.origin, "{{origin}}")
    .replaceAll(known.host, "{{host}}")
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>")
    .replace(/\b[0-9a-f]{64}\b/g, "<hex64>")
    .replace(/\b[0-9a-f]{32}\b/g, "<hex32>")
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "<datetime>")
    .replace(/([?&]cursor=)(?!\{\{)[^&>"]+/g, "$1<cursor>");
}

export function maskBody(value: unknown, known: Known): unknown {
  if (typeof value === "string") return maskText(value, known);
  if (Array.isArray(value)) {
    const items = value.map((item) => maskBody(item, known));
    if (items.length <= LONGEST_LIST) return items;
    return { $length: items.length, $first: items[0], $last: items.at(-1) };
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, maskBody(item, known)]));
  }
  return value;
}

export function maskPage(text: string, known: Known): string {
  const masked = maskText(text, known);
  return masked.length <= LONGEST_PAGE ? masked : `${masked.slice(0, 200)}… <${masked.length} characters>`;
}

export function maskCookie(cookie: string): string {
  return cookie.replace(/^(\w+)=(?!"")[^;]*/, "$1=<cookie>").replace(/expires=[^;]*/, "expires=<date>");
}
