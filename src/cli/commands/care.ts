import type { Command } from "commander";
import { CodedError, EXIT } from "../../base/errors.ts";
import { askCare, type RestartReport, reportLines, reportTitle } from "../../care/index.ts";
import { openDocker } from "../../docker/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { withProgress } from "../screen.ts";

const ROLES: Readonly<Record<string, string>> = { glitchtip: "web", "glitchtip-worker": "worker" };

export default {
  actions: ["run", "restart", "report"],
  flags: (command: Command) =>
    command
      .argument(
        "<what>",
        "run: check everything now; restart: restart web and worker with care; report: show the last restarts",
      )
      .argument("[services...]", "restart: web, worker; default: as declared"),
  async run(context, _, [what, ...named]) {
    const services = named.map((name) => ROLES[name] ?? name);
    const unknown = services.filter((name) => !Object.values(ROLES).includes(name));
    if (unknown.length > 0 || (services.length > 0 && what !== "restart")) {
      throw new CodedError("GC1001", `care ${what} takes no ${named.join(" ")}`, {
        remedy: "Type: npx glitchtip-compose care restart web worker",
      });
    }
    if (what === "run") return await look(context);
    if (what === "restart") return await restart(context, services);
    if (what === "report") return await reports(context);
    throw new CodedError("GC1001", `care: there is no action "${what}"`, {
      remedy: "Use care run, care restart or care report.",
    });
  },
} satisfies CliCommand;

const asking = (context: CliContext) => ({
  signal: context.signal,
  say: (line: string) => context.log.debug(line),
});

async function look(context: CliContext): Promise<void> {
  const { findings } = await withProgress(context, "looking at everything", () =>
    askCare(openDocker(context), "once", [], asking(context)),
  );
  const broken = findings.filter(({ problem }) => problem !== undefined);
  if (broken.length > 0) context.setExitCode(EXIT.failed);
  if (context.json) return context.print(JSON.stringify({ findings }));
  for (const { about, event, problem, remedy } of findings) {
    context.print(`${problem === undefined ? "ok  " : "fail"} ${event}: ${problem ?? about}`);
    if (problem !== undefined && remedy !== undefined) context.print(`     → ${remedy}`);
  }
}

async function restart(context: CliContext, services: readonly string[]): Promise<void> {
  const report = await withProgress(context, "restarting with care", () =>
    askCare(openDocker(context), "restart", services, asking(context)),
  );
  if (!report.ok) context.setExitCode(EXIT.failed);
  if (context.json) context.print(JSON.stringify(report));
  else show(context, report);
}

async function reports(context: CliContext): Promise<void> {
  const found = await askCare(openDocker(context), "report", [], asking(context));
  if (context.json) return context.print(JSON.stringify(found));
  if (found.restarts.length === 0) context.print("nothing was restarted yet");
  for (const report of found.restarts) show(context, report);
}

function show({ print }: CliContext, report: RestartReport): void {
  print(`${report.at} ${reportTitle(report)}`);
  for (const line of reportLines(report)) print(`  ${line}`);
}
