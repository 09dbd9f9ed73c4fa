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
/** What generation 6 put aside when it migrated an older one's data; it is never looked after. */
const PUT_ASIDE = /_archive$/;
/** Up to 5.2 GlitchTip keeps a project's figures by the hour four times as long as its events (read in its sources). */
const KEPT_LONGER = /^projects_\w+hourlystatistic$/;
const LONGER = 4;
/** After they are too old they go with the next daily round; a week leaves room for a few that failed. */
const SLACK_DAYS = 7;

/** From rows of the query, whose session is in UTC. Partitions by number or list tell no time. */
export function partitionedTables(
  rows: readonly { readonly table: string; readonly end: string | null }[],
): PartitionedTable[] {
  const ends = new Map<string, number[]>();
  for (const { table, end } of rows) {
    const endMs = end === null || PUT_ASIDE.test(table) ? undefined : endOf(end);
    if (endMs !== undefined) ends.set(table, [...(ends.get(table) ?? []), endMs]);
  }
  return [...ends].map(([table, all]) => ({ table, firstEndMs: Math.min(...all), lastEndMs: Math.max(...all) }));
}

/** A time, or what generation 6 splits by: a UUIDv7, which begins with its milliseconds. */
function endOf(text: string): number | undefined {
  const uuid = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/.exec(text);
  if (uuid !== null) return Number.parseInt(`${uuid[1]}${uuid[2]}`, 16);
  const time = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?)?$/.exec(text);
  return time === null ? undefined : Date.parse(`${time[1]}T${time[2] ?? "00:00:00"}Z`);
}

/** Rows of tomorrow have nowhere to go, or rows that should be gone are still there. */
export function partitionProblems(tables: readonly PartitionedTable[], retentionDays: number, nowMs: number): string[] {
  const tomorrowEndsMs = Math.floor(nowMs / DAY_MS) * DAY_MS + 2 * DAY_MS;
  const keptDays = (table: string) => (KEPT_LONGER.test(table) ? LONGER * retentionDays : retentionDays);
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return tables.flatMap(({ table, firstEndMs, lastEndMs }) => [
    ...(lastEndMs < tomorrowEndsMs ? [`${table} has partitions until ${day(lastEndMs)} only: none for tomorrow`] : []),
    ...(firstEndMs < nowMs - (keptDays(table) + SLACK_DAYS) * DAY_MS
      ? [
          `${table} still has a partition that ended on ${day(firstEndMs)}, though nothing in it is kept for more than ${keptDays(table)} days`,
        ]
      : []),
  ]);
}
