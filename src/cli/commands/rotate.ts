import { CodedError, EXIT } from "../../base/errors.ts";
import { needsProvisioner } from "../../config/app-sources.ts";
import type { Declaration } from "../../config/schema.ts";
import { resolveServer, serverKind } from "../../config/server.ts";
import { type Docker, openDocker } from "../../docker/index.ts";
import {
  type AppToVerify,
  type AskRotation,
  chooseApps,
  containerSender,
  deleteRetiring,
  describeHolders,
  dsnOnThisMachine,
  provisionerReader,
  type RotateResult,
  rotateKeys,
  rotationAsker,
  verifyApps,
} from "../../provision/index.ts";
import { observeStack } from "../../running/index.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import { durationMs } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { confirmed, type Paint, paintFor, withProgress } from "../screen.ts";
import { table } from "../table.ts";
import { resultsText } from "./verify.ts";

interface Flags extends ConfirmationFlags {
  readonly abort?: boolean;
  readonly keepOld?: boolean;
  readonly silentFor: string;
}

const PROVE_WITHIN_MS = 60_000;

export default {
  flags: (command) =>
    withConfirmation(
      command
        .argument("[app...]", "apps whose keys are replaced; default: those of an unfinished rotation, else all")
        .option("--abort", "go back: the old key is published again, the new one deleted")
        .option("--keep-old", "finish without deleting: both keys stay valid")
        .option("--silent-for <time>", "how long the old key must have been unused before it is deleted", "30s"),
      "rotate",
    ),
  async run(context, flags, apps) {
    const { abort = false, keepOld = false, dryRun = false, yes = false } = flags;
    const silentForMs = silentMs(flags.silentFor);
    const { declaration } = readWorkspace(context.dir, context.env);
    refuseProvided(chooseApps(declaration, apps));
    if (!needsProvisioner(declaration)) {
      const nothing = "every app has a given DSN, so there is no key to rotate";
      const empty: RotateResult = { outcome: "nothing", projects: [], events: [], maybe: [] };
      return context.print(context.json ? JSON.stringify(empty) : nothing);
    }
    if (abort && apps.length > 0) {
      const remedy = "npx glitchtip-compose rotate --abort";
      throw new CodedError("GC1001", "--abort undoes the whole rotation, so it takes no app", { remedy });
    }
    const asks = !yes && !keepOld && !dryRun;
    const docker = openDocker(context);
    const ask = rotationAsker(docker);
    // The question comes before any change. Aborting needs none where nothing is under way.
    if (asks && !context.interactive && !(abort && (await nothingUnderWay(docker, ask)))) {
      await confirmed(context, `Delete the ${abort ? "new" : "old"} key when it is silent?`, "--yes");
    }
    const send = packageAssets().sendEvent();
    const prove = async (wanted: readonly string[]) => {
      const sender = containerSender(docker, await observeStack(docker), send, context.env, (app, variable) =>
        dsnOnThisMachine(context.dir, declaration, app, variable),
      );
      const read = provisionerReader(docker, PROVE_WITHIN_MS);
      return await verifyApps({ ...context, send: sender, read }, chooseApps(declaration, wanted));
    };
    let result = await withProgress(context, "looking at the project", ({ say }) =>
      rotateKeys({ ...context, docker, declaration, ask, prove, say }, { apps, abort, keepOld, dryRun, silentForMs }),
    );
    if (result.outcome === "silent" && (!asks || (await mayDelete(context, declaration, result)))) {
      result = await withProgress(context, "deleting the key", () => deleteRetiring(ask, result));
    }
    context.print(context.json ? JSON.stringify(result) : text(result, paintFor(context)));
    context.setExitCode(["up first", "not proved", "silent"].includes(result.outcome) ? EXIT.failed : EXIT.done);
  },
} satisfies CliCommand<Flags>;

/** Apps with `inject: provider` cannot be rotated: no provisioner holds two keys for them. Their next `up` hands over the valid key. */
function refuseProvided(apps: readonly AppToVerify[]): void {
  const names = apps.filter(({ providedAs }) => providedAs !== undefined).map(({ name }) => name);
  if (names.length === 0) return;
  throw new CodedError("GC1001", `rotate does not reach apps with inject: provider (${names.join(", ")})`, {
    remedy:
      "Create a key in GlitchTip and delete the old one, then: docker compose up -d --wait. To rotate the keys of other apps, name them: npx glitchtip-compose rotate APP",
  });
}

async function nothingUnderWay(docker: Docker, ask: AskRotation): Promise<boolean> {
  // The rotation itself reports a stack that is not started.
  if ((await observeStack(docker)).containers.length === 0) return true;
  return (await ask({ verb: "show", apps: [], keepOld: false })).every(({ step }) => step === "none");
}

async function mayDelete(context: CliContext, declaration: Declaration, { projects, maybe }: RotateResult) {
  for (const line of describeHolders(maybe)) context.log.warn(`the key may still be with ${line}`);
  // Only its operator knows which version an existing server is.
  const unknown = serverKind(declaration) === "existing" && declaration.server.generation === undefined;
  const blocks = unknown || resolveServer(declaration.server).server?.capabilities.wrongKeyBlocks !== "key";
  const risk = blocks ? " One event with a deleted key blocks its whole project for 30 s." : "";
  const names = projects.map(({ project, back }) => `the ${back ? "new" : "old"} key of ${project}`);
  return await confirmed(context, `Delete ${names.join(", ")}?${risk}`, "--yes");
}

function silentMs(given: string): number {
  const found = durationMs(given);
  if (found !== undefined) return found;
  const remedy = "Write a number and s, m or h, such as 60s or 10m.";
  throw new CodedError("GC1001", `--silent-for ${given} is no time`, { remedy });
}

function text({ outcome, projects, events, maybe }: RotateResult, paint: Paint): string {
  if (outcome === "nothing") return "no rotation is under way";
  const planned = outcome === "planned";
  const rows = projects.flatMap(({ project, step, apps, back }) =>
    apps.map(({ app, state }) => [
      app,
      project,
      ...(planned ? [STEPS[step]] : []),
      back ? "the old one" : "a new one",
      state,
    ]),
  );
  const retiring = projects.some(({ back }) => back) ? "new" : "old";
  const ends: Record<RotateResult["outcome"], string> = {
    planned: "nothing was changed",
    nothing: "",
    "up first":
      "apps with `inject: env-file` get their key by: npx glitchtip-compose up. Both keys work; run rotate again afterwards",
    "not proved": "both keys work. After correcting this, run rotate again; rotate --abort goes back",
    silent: `the ${retiring} key stays for now. Run rotate again to go on, rotate --keep-old to keep both, or rotate --abort to go back`,
    kept: "both keys stay valid",
    done: `the ${retiring} key is deleted`,
  };
  const shared = projects.filter(({ apps }) => apps.length > 1);
  const end = outcome === "not proved" ? "bad" : ["up first", "silent"].includes(outcome) ? "doubtful" : "good";
  const parts = [
    table([["APP", "PROJECT", ...(planned ? ["SO FAR"] : []), "KEY", "STATE"], ...rows]),
    shared
      .map(
        ({ project, apps }) =>
          `${project} is shared by ${apps.map(({ app }) => app).join(", ")}: they are rotated together`,
      )
      .join("\n"),
    events.length === 0 ? "" : resultsText(events, paint),
    maybe.length === 0 ? "" : `the ${retiring} key may still be with:\n  ${describeHolders(maybe).join("\n  ")}`,
    paint(end, ends[outcome]),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

const STEPS: Record<RotateResult["projects"][number]["step"], string> = {
  none: "not begun",
  making: "key being created",
  made: "key created, not published",
  published: "published",
};
