import type { Command } from "commander";
import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { LOAD_LIMITS, type LoadReport, loadTarget, runLoad } from "../../checks/index.ts";
import { provisionedApps } from "../../config/app-sources.ts";
import type { Declaration } from "../../config/schema.ts";
import { openTransport } from "../../glitchtip/transport.ts";
import { openHttp } from "../../http/client.ts";
import { stackNotStarted } from "../../running/index.ts";
import { badValues } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { openStack } from "../in-container.ts";
import { type Paint, paintFor, withProgress } from "../screen.ts";
import { table } from "../table.ts";

interface Flags {
  readonly events: string;
  readonly concurrency: string;
  readonly project?: string;
  readonly keep?: boolean;
  readonly iOwnThisServer?: boolean;
}

export default {
  flags: (command: Command) =>
    command
      .option(
        "--events <number>",
        `the number of events, at most ${LOAD_LIMITS.events}; sending ends after ${LOAD_LIMITS.sendWithinMs / 1_000} s`,
        "500",
      )
      .option("--concurrency <number>", `the number of requests in flight, at most ${LOAD_LIMITS.concurrency}`, "4")
      .option("--project <name>", "the project that gets the events, whose alerts may fire; default: the first app's")
      .option("--keep", "keep the issue of these events on the server")
      .option("--i-own-this-server", "allow a server that is not on this machine"),
  async run(context, flags) {
    const problems: string[] = [];
    const number = (flag: string, text: string, most: number) => {
      const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
      if (value < 1 || value > most) problems.push(`${flag} ${text}: must be a number from 1 to ${most}`);
      return value;
    };
    const events = number("--events", flags.events, LOAD_LIMITS.events);
    const concurrency = number("--concurrency", flags.concurrency, LOAD_LIMITS.concurrency);
    if (problems.length > 0) throw badValues(problems);
    const { docker, declaration, stack } = await openStack(context);
    const project = projectOf(declaration, flags.project);
    if (stack.containers.length === 0) throw stackNotStarted(stack.config.name);
    const { url, ...how } = await loadTarget(docker, declaration, stack, flags.iOwnThisServer === true);
    const transport = openTransport(openHttp, url, { ...how, connections: concurrency, env: context.env });
    try {
      const report = await withProgress(context, `a load on ${url}`, (progress) =>
        runLoad(
          { ...context, docker, stack, transport, say: progress.say },
          { events, concurrency, project, keep: flags.keep === true },
        ),
      );
      context.print(context.json ? JSON.stringify(report) : reportText(report, paintFor(context)));
      context.setExitCode(report.lost.length === 0 && report.accepted > 0 ? EXIT.done : EXIT.failed);
    } finally {
      await transport.close();
    }
  },
} satisfies CliCommand<Flags>;

/** Returns the project's name on the server. Throws GC1104 where no app reports to it. */
function projectOf(declaration: Declaration, wanted: string | undefined): string {
  const keys = Object.values(provisionedApps(declaration)).map(({ project }) => project);
  const key = wanted ?? keys[0];
  if (key === undefined) throw new CodedError("GC1104", "no app of the declaration reports to a project of this stack");
  if (!keys.includes(key)) {
    throw new CodedError("GC1104", `no app reports to project "${key}"${didYouMean(key, keys)}`, {
      remedy: `There are: ${[...new Set(keys)].join(", ")}.`,
    });
  }
  return declaration.projects[key]?.name ?? key;
}

function reportText(report: LoadReport, paint: Paint): string {
  const { sent, accepted, acceptedPerS, tookMs, answerMs, notAccepted, lost, storedMs, memory } = report;
  const refused = Object.entries(notAccepted).map(([what, count]) => `${what}: ${count}`);
  const rows = [
    ["sent", `${sent} in ${(tookMs / 1_000).toFixed(1)} s`],
    ["accepted", `${accepted}, ${acceptedPerS} a second`],
    ["not accepted", refused.length === 0 ? "0" : paint("doubtful", refused.join(", "))],
    ["answer", `${answerMs.median} ms median, ${answerMs.p95} ms 95th percentile, ${answerMs.slowest} ms slowest`],
    ["lost", lost.length === 0 ? paint("good", "0") : paint("bad", `${lost.length} accepted and never stored`)],
    ["all readable", storedMs === undefined ? "no" : `${(storedMs / 1_000).toFixed(1)} s after the last answer`],
  ];
  const containers = memory.map(({ service, highestMib, limitMib }) => [
    service,
    `${highestMib} MiB`,
    `${limitMib} MiB`,
  ]);
  const first = lost.slice(0, 5).map((id) => `  ${id}`);
  return [table(rows), ...first, "", table([["CONTAINER", "HIGHEST", "LIMIT"], ...containers])].join("\n");
}
