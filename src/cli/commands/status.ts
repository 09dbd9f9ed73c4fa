import { isatty } from "node:tty";
import { backupFolder, backupState, restoreProgress } from "../../backup/index.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { status as statusOf } from "../../checks/index.ts";
import { providerOf } from "../../config/app-sources.ts";
import { resolveServer, serverKind } from "../../config/server.ts";
import { openDocker } from "../../docker/index.ts";
import { providedDsnState } from "../../provision/index.ts";
import { queueInDatabase } from "../../running/index.ts";
import { browserUrl, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { paintFor } from "../screen.ts";
import { statusText } from "../status-text.ts";

interface Flags {
  readonly watch?: true | string;
}

/** What runs, what the provisioner did, which app has its DSN, and what to do next. */
export default {
  flags: (command) => command.option("--watch [seconds]", "show it again and again until Ctrl-C; default: every 2 s"),
  async run(context, { watch }) {
    if (watch === undefined) return await once(context, context.print);
    const everyMs = watch === true ? 2_000 : secondsMs(watch);
    const clear = isatty(1) && !context.json ? "\u001b[H\u001b[2J" : "";
    try {
      for (let seen = false; ; seen = true) {
        await look(context, clear, seen);
        await context.clock.sleep(everyMs, context.signal);
      }
    } catch (error) {
      if (!context.signal.aborted) throw error;
      context.setExitCode(EXIT.interrupted);
    }
  },
} satisfies CliCommand<Flags>;

/** An engine that restarts does not end a watch that had begun; a first look that fails does. */
async function look(context: CliContext, clear: string, seen: boolean): Promise<void> {
  try {
    await once(context, (data) => context.print(clear + data));
  } catch (error) {
    if (!seen || context.signal.aborted || !(error instanceof CodedError)) throw error;
    context.log.warn(`${error.code}: ${error.message.split("\n")[0]}; looking again`);
  }
}

function secondsMs(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text) * 1_000;
  throw new CodedError("GC1001", `--watch ${text}: this is no number of seconds`, { remedy: "Such as --watch 5." });
}

async function once(context: CliContext, print: (data: string) => void): Promise<void> {
  const project = readWorkspace(context.dir, context.env);
  const { declaration } = project;
  const url = browserUrl(project);
  const backup = backupState(backupFolder(project));
  const restoring = restoreProgress.read(context.dir);
  const hasBackups = backup.last !== undefined || declaration.backup?.schedule !== undefined;
  const kind = serverKind(declaration);
  const { server } = kind === "bundled" ? resolveServer(declaration.server) : {};
  const jobQueue = queueInDatabase(server);
  const found = await statusOf(openDocker(context), declaration, {
    ...(url === undefined ? {} : { url }),
    ...(jobQueue === undefined ? {} : { jobQueue }),
    nowMs: context.clock.now(),
    resources: true,
    ...(hasBackups && { backup }),
    ...(restoring && { restoring: restoring.backup }),
    provided: (app) =>
      providerOf(declaration, app) === undefined ? "none" : providedDsnState(context.dir, declaration, app),
  });
  print(context.json ? JSON.stringify(found) : statusText(found, context.clock.now(), paintFor(context)));
  context.setExitCode(found.state === "ok" || found.state === "starting" ? EXIT.done : EXIT.failed);
}
