import { CodedError } from "../base/errors.ts";
import { after } from "../base/wait.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { errorFilter } from "./log-failures.ts";
import { isSingle, type RunningStack, SERVER } from "./running-stack.ts";

export interface LogLine {
  /** RFC 3339 with nanoseconds, by the engine's clock. */
  readonly at: string;
  readonly service: string;
  /** Of the single container, which of its programs said it. */
  readonly program?: string;
  /** Differs from the service where it has several. */
  readonly container: string;
  readonly text: string;
}

export interface LogOptions {
  /** All where there are none. */
  readonly services: readonly string[];
  /** Of the single container, these alone: by the name that each of its lines begins with. */
  readonly programs?: readonly string[] | undefined;
  /** Only what tells of a failure, with the lines that belong to it. */
  readonly errors: boolean;
  /** A duration or a time. */
  readonly since?: string | undefined;
  readonly follow: boolean;
  /** Of each container, before any filter. */
  readonly tail?: number | undefined;
  readonly signal: AbortSignal;
}

/** Lines of several containers come in blocks; so long they are held back to be put in order. */
const ORDER_MS = 200;

/** The lines of all these services as one, by time. Rejects with the signal's reason when it is aborted. */
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
    // Stable: lines of the same moment stay as they came.
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

/** Docker knows no days. */
export function sinceOf(text: string): string {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return unit === "d" ? `${Number(count) * 24}h` : text;
  if (/^\d{4}-\d{2}-\d{2}(?:T\S+)?$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new CodedError("GC1001", `--since ${text}: this is neither a duration nor a time`, {
    remedy: "Write 30s, 10m, 2h, 1d, or a time such as 2026-11-21T08:00:00Z.",
  });
}

/** `NAME  | TIME TEXT`, NAME being the container's without the project. */
function lineParser({ config, containers }: RunningStack): (text: string) => LogLine | undefined {
  const services = new Map<string, string>();
  const single = isSingle(config.services);
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
