/** Where in a sorted list a page begins or ends: beside a key, so many rows away. */
export interface Cursor {
  readonly offset: number;
  readonly reverse: boolean;
  readonly position: string | undefined;
}

/** What a list is ordered by: the text that goes into cursors, and the direction. */
export interface Order<Row> {
  readonly by: (row: Row) => string;
  readonly descending: boolean;
}

interface Cut<Row> {
  readonly shown: readonly Row[];
  readonly before: Cursor | undefined;
  readonly after: Cursor | undefined;
}

/** The page at a cursor, and the cursors before and after it, if there is more. */
export function cut<Row>(rows: readonly Row[], order: Order<Row>, cursor: Cursor, limit: number): Cut<Row> {
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

/** A cursor for the border before `index`: a position, and how many rows of equal key lie between. */
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

/** Index of the first row for which it holds; rows are sorted, so it then holds to the end. */
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
