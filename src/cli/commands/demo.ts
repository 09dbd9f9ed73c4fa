import { execPath } from "node:process";
import { CodedError } from "../../base/errors.ts";
import { untilAborted } from "../../base/wait.ts";
import {
  abandonedDemos,
  composeStack,
  type DemoProof,
  type DemoStack,
  openDemoFolder,
  processStack,
  runDemo,
  whyNoContainers,
  withoutComposeProject,
} from "../../demo/index.ts";
import { openDocker } from "../../docker/index.ts";
import { startEmulator } from "../../emulator/index.ts";
import { eventPage, issuesPage } from "../../glitchtip/address.ts";
import { type AppAddress, addressTable } from "../addresses.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";

interface Flags {
  readonly containers?: boolean;
}

/** Runs on Compose where an engine and the images are there, else on the emulator and plain processes. */
export default {
  flags: (command) => command.option("--no-containers", "use the emulator and plain processes even where Docker is"),
  async run(context, { containers = true }) {
    const { log, signal } = context;
    await removeAbandoned(context);
    await using folder = await openDemoFolder(context.env);
    log.info(`created a workspace in ${folder.dir}`);
    const { dir, env } = folder;
    const docker = openDocker({ dir, env, signal });
    const cleaner = openDocker({ dir, env, signal: new AbortController().signal });
    const reason = containers ? await whyNoContainers(docker) : "--no-containers was given";
    const mode = reason === undefined ? "containers" : "processes";
    log.info(
      reason === undefined ? "running on Docker Compose" : `running on the emulator and plain processes: ${reason}`,
    );
    if (reason === undefined) folder.noteContainers();
    await using emulator = reason === undefined ? undefined : await startEmulator({ superuser: folder.admin });
    const stack =
      emulator === undefined
        ? composeStack(docker, cleaner, folder.reached, log)
        : processStack({ ...context, dir: folder.dir, url: emulator.url, wrapper: folder.wrapper, node: execPath });
    await using _stack = closing(stack, context);
    const proof = await runDemo(context, stack);
    signal.throwIfAborted();
    if (context.json) return context.print(JSON.stringify({ mode, reason, proof }));
    context.print(
      [
        "",
        `The sample app failed: ${proof.error}`,
        `GlitchTip had it ${proof.ms} ms later, as event ${proof.eventId}.`,
        "",
        addressTable({
          url: proof.glitchtipUrl,
          admin: folder.admin,
          sampleUrl: proof.appUrl,
          // The emulator has no pages.
          apps: emulator === undefined ? pagesOf(proof) : [],
        }),
      ].join("\n"),
    );
    if (!context.interactive) return;
    context.print("\nCtrl-C ends the demo and removes everything.");
    await untilAborted(signal);
  },
} satisfies CliCommand<Flags>;

/** Removes what a demo that was killed has left. Its containers wait for a demo that reaches their engine. */
async function removeAbandoned({ env, log, signal }: CliContext): Promise<void> {
  for (const demo of await abandonedDemos()) {
    const docker = openDocker({ dir: demo.dir, env: withoutComposeProject(env), signal });
    try {
      if (demo.hasContainers) await docker.compose.down({ volumes: true });
      demo.remove();
      log.info(`removed what a demo that was killed has left: ${demo.dir}`);
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`a demo that was killed has left containers; to remove them: cd ${demo.dir} && docker compose down -v`);
      log.debug(String(error));
    }
  }
}

function pagesOf({ app, eventId, glitchtipUrl, place }: DemoProof): AppAddress[] {
  if (place === undefined) return [];
  const { organization, projectId, issueId } = place;
  const issues = issuesPage(glitchtipUrl, organization, projectId);
  return [{ app, issues, ...(issueId && { event: eventPage(glitchtipUrl, organization, issueId, eventId) }) }];
}

function closing(stack: DemoStack, { log }: CliContext): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      log.step("removing everything");
      try {
        await stack.close();
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        log.warn(`not everything of the demo could be removed: ${error.message}`);
      }
    },
  };
}
