import { invalid } from "./body.ts";
import { type Call, originOf } from "./call.ts";
import { type Cursor, cut, type Order } from "./cut.ts";
import { json, type Reply } from "./reply.ts";

const PAGE_SIZE = 50;
const LONGEST_PAGE = 100;
const MOST_HITS = 1000;

export type { Order };

export const byName: Order<{ readonly name: string }> = { by: (row) => row.name, descending: false };

/** Ids padded, so that they compare as texts. */
export const newestFirst: Order<{ readonly id: number }> = {
  by: (row) => String(row.id).padStart(12, "0"),
  descending: true,
};

export function sorted<Row>(rows: readonly Row[], { by, descending }: Order<Row>): Row[] {
  const direction = descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: by(row) }));
  keyed.sort((a, b) => (a.key < b.key ? -direction : a.key > b.key ? direction : 0));
  return keyed.map(({ row }) => row);
}

/** One page of a sorted list, with the Link header in the form of a Python set (pagination). */
export function page<Row>(
  call: Call,
  rows: readonly Row[],
  order: Order<Row>,
  view: (row: Row) => unknown,
  headers: Reply["headers"] = {},
): Reply {
  const cursor = readCursor(call);
  const limit = readLimit(call);
  const { shown, before, after } = cut(rows, order, cursor, limit);
  const base = `${originOf(call)}${call.path}${call.search === "" ? "" : `?${call.search}`}`;
  const link = (rel: string, to: Cursor | undefined): string =>
    to
      ? `<${withCursor(call, encode(to))}>; rel="${rel}"; results="true"; cursor="${encode(to)}"`
      : `<${base}>; rel="${rel}"; results="false"`;
  return json(200, shown.map(view), {
    ...headers,
    link: `{'${link("previous", before)}, ${link("next", after)}'}`,
    "x-hits": String(before || after ? Math.min(rows.length, MOST_HITS) : shown.length),
    "x-max-hits": String(MOST_HITS),
  });
}

function readLimit(call: Call): number {
  const asked = call.query.get("limit");
  if (asked === null) return PAGE_SIZE;
  if (!/^-?\d+$/.test(asked)) {
    const msg = "Input should be a valid integer, unable to parse string as an integer";
    throw invalid([{ type: "int_parsing", loc: ["query", "limit"], msg }]);
  }
  return Math.max(0, Math.min(Number(asked) || PAGE_SIZE, LONGEST_PAGE));
}

function readCursor(call: Call): Cursor {
  const text = call.query.get("cursor");
  if (!text) return { offset: 0, reverse: false, position: undefined };
  const decoded = /^[A-Za-z0-9+/]+=*$/.test(text) ? Buffer.from(text, "base64").toString("utf8") : "";
  const parts = new URLSearchParams(decoded);
  const offset = Number(parts.get("o") ?? "0");
  if (!/^(o|r|p)=/.test(decoded) || !Number.isInteger(offset)) {
    const error = "Invalid cursor.";
    throw invalid([{ type: "value_error", loc: ["query", "cursor"], msg: `Value error, ${error}`, ctx: { error } }]);
  }
  return { offset, reverse: parts.get("r") === "1", position: parts.get("p") ?? undefined };
}

function encode({ offset, reverse, position }: Cursor): string {
  const parts = new URLSearchParams();
  if (offset > 0) parts.set("o", String(offset));
  if (reverse) parts.set("r", "1");
  if (position !== undefined) parts.set("p", position);
  return Buffer.from(parts.toString()).toString("base64");
}

function withCursor(call: Call, cursor: string): string {
  const query = new URLSearchParams(call.query);
  query.set("cursor", cursor);
  query.sort();
  return `${originOf(call)}${call.path}?${query}`;
}
