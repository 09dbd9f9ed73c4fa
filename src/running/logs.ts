import { CodedError } from "../base/errors.ts";
import { after } from "../base/wait.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { SERVER } from "../stack/service-names.ts";
import { isSingleContainer, type RunningStack } from "./observe.ts";

export interface LogLine {
  /** RFC 3339 with nanoseconds, by the engine's clock. */
  readonly at: string;
  readonly service: string;
  /** The program inside of the single container that wrote it. */
  readonly program?: string;
  /** Differs from the service's name when the service has several. */
  readonly container: string;
  readonly text: string;
}

export interface LogOptions {
  /** An empty list means all. */
  readonly services: readonly string[];
  /** Only lines of these programs of the single container, by the name with which the lines begin. */
  readonly programs?: readonly string[] | undefined;
  /** Only lines that report a failure, and the lines that belong to them. */
  readonly errors: boolean;
  /** A duration or a time, as `sinceOf` takes it. */
  readonly since?: string | undefined;
  readonly follow: boolean;
  /** The number of last lines of each container, before any filter. */
  readonly tail?: number | undefined;
  readonly signal: AbortSignal;
}

/** Lines of several containers come in blocks: they are held back for this time to be put in order. */
const ORDER_MS = 200;

/** Reports the lines of all these services in the order of time. Rejects with the signal's reason when it is aborted. */
export async function readLogs(
  docker: Docker,
  stack: RunningStack,
  options: LogOptions,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const parse = lineParser(stack);
  const filter = options.errors ? errorFilter() : () => true;
  const { programs = [] } = options;
  const isWanted = ({ program }: LogLine) =>
    program === undefined || programs.length === 0 || programs.includes(program);
  const held: LogLine[] = [];
  let flushing: (() => void) | undefined;
  const flush = () => {
    flushing = undefined;
    // The sort is stable: lines of the same moment stay in the order in which they came.
    for (const line of held.splice(0).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) onLine(line);
  };
  const flags = [
    ...(options.follow ? ["--follow"] : []),
    ...(options.tail === undefined ? [] : ["--tail", String(options.tail)]),
    ...(options.since === undefined ? [] : ["--since", sinceOf(options.since)]),
  ];
  const { code, stderr } = await docker.cli(
    ["compose", "--profile", "*", "logs", "--timestamps", "--no-color", ...flags, ...options.services],
    {
      signal: options.signal,
      onStdoutLine(text) {
        const line = parse(text);
        if (line === undefined || !isWanted(line) || !filter(line)) return;
        held.push(line);
        if (options.follow) flushing ??= after(ORDER_MS, flush);
      },
    },
  );
  flushing?.();
  flush();
  if (code !== 0) throw new CodedError("GC1604", "docker compose logs failed", { problems: lastLines(stderr, 3) });
}

/** Translates a duration or a time for `docker compose logs --since`, which knows no days. Throws GC1001. */
export function sinceOf(text: string): string {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return unit === "d" ? `${Number(count) * 24}h` : text;
  if (/^\d{4}-\d{2}-\d{2}(?:T\S+)?$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new CodedError("GC1001", `--since ${text}: this is neither a duration nor a time`, {
    remedy: "Write 30s, 10m, 2h, 1d, or a time such as 2026-11-21T08:00:00Z.",
  });
}

/** Parses `NAME  | TIME TEXT`; NAME is the container's, without the Compose project. */
function lineParser({ config, containers }: RunningStack): (text: string) => LogLine | undefined {
  const services = new Map<string, string>();
  const single = isSingleContainer(config.services);
  for (const { name, service } of containers) {
    services.set(name, service);
    services.set(name.replace(`${config.name}-`, ""), service);
  }
  return (text) => {
    const [, container = "", at = "", said = ""] = /^(.*?)\s*\| (\d{4}-\d\d-\d\dT\S+) ?(.*)$/.exec(text) ?? [];
    if (at === "") return undefined;
    const service = services.get(container) ?? container.replace(/-\d+$/, "");
    const [, program = "", words = ""] = (single && service === SERVER && /^([\w-]+) *\| (.*)$/.exec(said)) || [];
    if (program === "") return { at, service, container, text: said };
    return { at, service, program, container: `${container}/${program}`, text: words };
  };
}

const FAILURES: readonly RegExp[] = [
  // Python's logging, Postgres and supervisors write these.
  /(?:^|[\s[\]:|"=])(?:ERROR|CRITICAL|FATAL|PANIC|EMERG)(?=$|[\s[\]:,"])/,
  // Caddy and others write JSON or logfmt.
  /\blevel"?[=:]\s*"?(?:error|critical|fatal|panic)\b/i,
  /^Traceback \(most recent call last\)/,
  /(?:^|[\s.])[A-Z]\w*(?:Error|Exception)(?::|$)/,
  /^(?:error|fatal)\b/i,
  // Access logs have the status after the request.
  /" 5\d\d(?: |$)/,
];

/**
 * Errors that are expected and that Postgres logs all the same: GlitchTip's cache in the database inserts what may be there, and
 * whoever connects while Postgres starts or stops, as our health check does, is refused.
 */
const EXPECTED = new RegExp(
  [
    'ERROR: {1,2}duplicate key value violates unique constraint "django_cache_pkey"',
    "FATAL: {1,2}the database system is (?:starting up|shutting down|not yet accepting connections)",
    "FATAL: {1,2}terminating connection due to administrator command",
  ].join("|"),
);

/** Postgres writes the details of an error on lines of their own. */
const CONTINUATION = /\b(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY): /;

/**
 * Returns a filter that accepts lines which report a failure, and the lines that belong to them. It remembers how the
 * last line of each container ended, so it has to see all lines in order.
 */
export function errorFilter(): (line: Pick<LogLine, "container" | "text">) => boolean {
  const open = new Map<string, "traceback" | "failure" | "expected">();
  return ({ container, text }) => {
    const state = open.get(container);
    if (/^Traceback \(/.test(text)) {
      open.set(container, "traceback");
      return true;
    }
    if (EXPECTED.test(text)) {
      open.set(container, "expected");
      return false;
    }
    if (state !== undefined && (/^\s+\S|^$/.test(text) || CONTINUATION.test(text))) return state !== "expected";
    const fails = FAILURES.some((pattern) => pattern.test(text));
    // A traceback ends with the exception, which may have any name.
    const ends = state === "traceback";
    if (fails) open.set(container, "failure");
    else open.delete(container);
    return fails || ends;
  };
}
