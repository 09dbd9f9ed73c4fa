import { stdout } from "node:process";
import { linkSignals } from "../../base/abort.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import {
  errorFilter,
  type LogLine,
  programInside,
  readLogs,
  serviceNamed,
  stackNotStarted,
} from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { openStack } from "../in-container.ts";
import { paintFor, paintName } from "../screen.ts";

interface Flags {
  readonly errors?: boolean;
  readonly since?: string;
  readonly follow?: boolean;
  readonly tail?: string;
}

/** Lines of each container that are shown without --since and --tail. */
const USUAL_TAIL = 200;

export default {
  flags: (command) =>
    command
      .argument("[program...]", "web, worker, db, valkey, migrate, provision, proxy, backup or a service; default: all")
      .option("--errors", "only failures, each with the lines that belong to it")
      .option("--since <when>", "10m, 2h, 1d, or a time")
      .option("-f, --follow", "keep printing new lines until Ctrl-C")
      .option("--tail <lines>", `lines of each container, or all; default: ${USUAL_TAIL}, with --since all`),
  async run(context, { errors = false, since, follow = false, tail }, named) {
    const { docker, declaration, stack } = await openStack(context);
    if (stack.containers.length === 0) throw stackNotStarted(stack.config.name);
    const services = [...new Set(named.map((name) => serviceNamed(stack.config.services, declaration, name)))];
    using ended = linkSignals([context.signal]);
    // A closed pipe ends `--follow`.
    stdout.once("error", () => ended.abort(new CodedError("GC1003", "nobody reads")));
    try {
      await readLogs(
        docker,
        stack,
        {
          services,
          programs: named.flatMap((name) => programInside(stack.config.services, name) ?? []),
          errors,
          since,
          follow,
          tail: tailOf(tail, since),
          signal: ended.signal,
        },
        printer(
          context,
          stack.containers.map(({ service }) => service),
        ),
      );
    } catch (error) {
      if (ended.signal.aborted && !context.signal.aborted) return;
      if (!follow || !context.signal.aborted) throw error;
      context.setExitCode(EXIT.interrupted);
    }
  },
} satisfies CliCommand<Flags>;

function tailOf(text: string | undefined, since: string | undefined): number | undefined {
  if (text === "all") return undefined;
  if (text === undefined) return since === undefined ? USUAL_TAIL : undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CodedError("GC1001", `--tail ${text}: this is no number of lines`, { remedy: "Write a number, or all." });
}

function printer(context: CliContext, all: readonly string[]): (line: LogLine) => void {
  if (context.json) return (line) => context.print(JSON.stringify(line));
  const paint = paintFor(context);
  const services = [...new Set(all)].sort();
  const width = Math.max(...services.map((service) => service.length));
  const isFailure = errorFilter();
  return (line) => {
    const said = (line.program ?? line.service).padEnd(width);
    const name = paintName(paint, said, services.indexOf(line.service) + (line.program?.length ?? 0));
    const at = paint("faint", line.at.slice(0, 19).replace("T", " "));
    context.print(`${at} ${name} | ${isFailure(line) ? paint("bad", line.text) : line.text}`);
  };
}
