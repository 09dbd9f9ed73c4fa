/** A table that GlitchTip splits by time; its scheduler makes the coming partitions and drops the old ones. */
export interface PartitionedTable {
  readonly table: string;
  /** Where the oldest and the newest partition end. */
  readonly firstEndMs: number;
  readonly lastEndMs: number;
}

/** Of each range partition its upper bound; Postgres writes it as text (pg_get_expr). */
export const PARTITIONS_QUERY = `
select parent.oid::regclass::text as "table",
  substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \\(''([^'']+)''\\)') as "end"
from pg_inherits
join pg_class parent on parent.oid = inhparent and parent.relkind = 'p'
join pg_class child on child.oid = inhrelid and child.relpartbound is not null`;

const DAY_MS = 86_400_000;
/** After they are too old they go with the next daily round; a week leaves room for a few that failed. */
const SLACK_DAYS = 7;

/** From rows of the query, whose session is in UTC. Partitions by number or list tell no time. */
export function partitionedTables(
  rows: readonly { readonly table: string; readonly end: string | null }[],
): PartitionedTable[] {
  const ends = new Map<string, number[]>();
  for (const { table, end } of rows) {
    const found = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?)?$/.exec(end ?? "");
    if (found === null) continue;
    const endMs = Date.parse(`${found[1]}T${found[2] ?? "00:00:00"}Z`);
    ends.set(table, [...(ends.get(table) ?? []), endMs]);
  }
  return [...ends].map(([table, all]) => ({ table, firstEndMs: Math.min(...all), lastEndMs: Math.max(...all) }));
}

/** Rows of tomorrow have nowhere to go, or rows that should be gone are still there. */
export function partitionProblems(tables: readonly PartitionedTable[], retentionDays: number, nowMs: number): string[] {
  const tomorrowEndsMs = Math.floor(nowMs / DAY_MS) * DAY_MS + 2 * DAY_MS;
  const oldMs = nowMs - (retentionDays + SLACK_DAYS) * DAY_MS;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return tables.flatMap(({ table, firstEndMs, lastEndMs }) => [
    ...(lastEndMs < tomorrowEndsMs ? [`${table} has partitions until ${day(lastEndMs)} only: none for tomorrow`] : []),
    ...(firstEndMs < oldMs
      ? [
          `${table} still has a partition that ended on ${day(firstEndMs)}, though nothing is kept for more than ${retentionDays} days`,
        ]
      : []),
  ]);
}
