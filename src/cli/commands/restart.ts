import {
  isSingleContainer,
  jobQueueOf,
  planProgramRestart,
  planRestart,
  programInside,
  restartPrograms,
  restartServices,
  runningContainer,
  serviceNamed,
  withoutLoss,
} from "../../running/index.ts";
import { SERVER } from "../../stack/service-names.ts";
import type { CliCommand } from "../command.ts";
import { type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import { openStack } from "../in-container.ts";
import { withProgress } from "../screen.ts";

export default {
  flags: (command) =>
    withConfirmation(
      command.argument("[program...]", "web, worker, db, valkey, proxy or a service; default: web and worker"),
      "restart",
    ),
  async run(context, { dryRun = false }, named) {
    const { docker, declaration, stack } = await openStack(context);
    const { services: all } = stack.config;
    const inside = named.flatMap((name) => programInside(all, name) ?? []);
    // In the single container only programs restart, unless the container itself or an app is named.
    const programs = isSingleContainer(all) && inside.length === named.length ? planProgramRestart(inside) : undefined;
    const { services, notes } = programs
      ? { services: programs, notes: [] }
      : planRestart(
          stack,
          named.map((name) => serviceNamed(all, declaration, name)),
        );
    for (const note of notes) context.log.info(note);
    if (dryRun) {
      context.print(context.json ? JSON.stringify({ dryRun, services }) : `would restart ${services.join(", ")}`);
      return;
    }
    const done = await withProgress(context, "restarting", ({ say }) =>
      withoutLoss({ ...context, docker, queue: jobQueueOf(declaration), say }, services, () =>
        programs
          ? restartPrograms(docker, runningContainer(stack, SERVER).id, programs, context.clock, say)
          : restartServices({ ...context, docker, say }, services),
      ),
    );
    if (context.json) context.print(JSON.stringify({ restarted: done }));
    else
      for (const { service, health, state, ms } of done)
        context.print(`${service}: ${health ?? state} after ${(ms / 1_000).toFixed(1)} s`);
  },
} satisfies CliCommand<ConfirmationFlags>;
