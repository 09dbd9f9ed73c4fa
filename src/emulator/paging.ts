import { invalid } from "./body.ts";
import { originOf, type RouteCall } from "./call.ts";
import { json, type Reply } from "./reply.ts";

const PAGE_SIZE = 50;
const LONGEST_PAGE = 100;
const MOST_HITS = 1000;
export const byName: Order<{ readonly name: string }> = { by: (row) => row.name, descending: false };

/** Ids are padded, because keys are compared as strings. */
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

/** Returns one page of a sorted list. Its Link header has the form of a Python set (pagination). */
export function page<Row>(
  call: RouteCall,
  rows: readonly Row[],
  order: Order<Row>,
  view: (row: Row) => unknown,
  headers: Reply["headers"] = {},
): Reply {
  const cursor = readCursor(call);
  const limit = readLimit(call);
  const { shown, before, after } = cut(rows, order, cursor, limit);
  const base = `${originOf(call)}${call.world.basePath}${call.path}${call.search === "" ? "" : `?${call.search}`}`;
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

function readLimit(call: RouteCall): number {
  const asked = call.query.get("limit");
  if (asked === null) return PAGE_SIZE;
  if (!/^-?\d+$/.test(asked)) {
    const msg = "Input should be a valid integer, unable to parse string as an integer";
    throw invalid([{ type: "int_parsing", loc: ["query", "limit"], msg }]);
  }
  return Math.max(0, Math.min(Number(asked) || PAGE_SIZE, LONGEST_PAGE));
}

function readCursor(call: RouteCall): Cursor {
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

function withCursor(call: RouteCall, cursor: string): string {
  const query = new URLSearchParams(call.query);
  query.set("cursor", cursor);
  query.sort();
  return `${originOf(call)}${call.world.basePath}${call.path}?${query}`;
}

/** The begin or end of a page in a sorted list: `offset` rows away from the key `position`. */
interface Cursor {
  readonly offset: number;
  readonly reverse: boolean;
  readonly position: string | undefined;
}

/** The sort key of a list, which is also part of cursors, and its direction. */
export interface Order<Row> {
  readonly by: (row: Row) => string;
  readonly descending: boolean;
}

interface Cut<Row> {
  readonly shown: readonly Row[];
  readonly before: Cursor | undefined;
  readonly after: Cursor | undefined;
}

/** Returns the page at a cursor, and the cursors of the pages before and after it, if there are any. */
function cut<Row>(rows: readonly Row[], order: Order<Row>, cursor: Cursor, limit: number): Cut<Row> {
  return cursor.reverse ? cutBefore(rows, order, cursor, limit) : cutAfter(rows, order, cursor, limit);
}

function cutAfter<Row>(rows: readonly Row[], order: Order<Row>, cursor: Cursor, limit: number): Cut<Row> {
  const start = (cursor.position === undefined ? 0 : firstBeyond(rows, order, cursor.position)) + cursor.offset;
  const shown = rows.slice(start, start + limit);
  return {
    shown,
    before: start > 0 ? edge(rows, order, start, true) : undefined,
    after: start + limit < rows.length ? edge(rows, order, start + limit, false) : undefined,
  };
}

function cutBefore<Row>(rows: readonly Row[], order: Order<Row>, cursor: Cursor, limit: number): Cut<Row> {
  const all = cursor.position === undefined ? rows.length : firstAt(rows, order, cursor.position);
  const end = Math.max(0, all - cursor.offset);
  const start = Math.max(0, end - limit);
  return {
    shown: rows.slice(start, end),
    before: start > 0 ? edge(rows, order, start, true) : undefined,
    after: end < rows.length ? edge(rows, order, end, false) : undefined,
  };
}

/** Returns the cursor for the border before `index`: a key and the number of rows with that key in between. */
function edge<Row>(rows: readonly Row[], { by }: Order<Row>, index: number, reverse: boolean): Cursor {
  const step = reverse ? 1 : -1;
  const neighbour = rows[reverse ? index - 1 : index];
  const crossing = neighbour === undefined ? undefined : by(neighbour);
  for (let at = reverse ? index : index - 1, offset = 0; ; at += step, offset++) {
    const row = rows[at];
    if (row === undefined) return { position: undefined, offset, reverse };
    if (by(row) !== crossing) return { position: by(row), offset, reverse };
  }
}

const beyond = <Row>({ by, descending }: Order<Row>, row: Row, position: string): boolean =>
  descending ? by(row) < position : by(row) > position;

const firstBeyond = <Row>(rows: readonly Row[], order: Order<Row>, position: string): number =>
  search(rows, (row) => beyond(order, row, position));

const firstAt = <Row>(rows: readonly Row[], order: Order<Row>, position: string): number =>
  search(rows, (row) => beyond(order, row, position) || order.by(row) === position);

/** Returns the index of the first row for which `holds` is true, by binary search: `holds` is monotonic over sorted rows. */
function search<Row>(rows: readonly Row[], holds: (row: Row) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && holds(row)) high = middle;
    else low = middle + 1;
  }
  return low;
}
