import { EXIT } from "../../base/errors.ts";
import { givenApps } from "../../config/app-sources.ts";
import type { Declaration } from "../../config/schema.ts";
import { type Docker, openDocker } from "../../docker/index.ts";
import { eventPage, issuesPage } from "../../glitchtip/address.ts";
import {
  type AppToVerify,
  chooseApps,
  containerSender,
  dsnOnThisMachine,
  provisionerReader,
  readerWithProviders,
  senderOfWrapped,
  type VerifyResult,
  verifyApps,
} from "../../provision/index.ts";
import {
  appsStartedWithoutOurs,
  containerOf,
  hasContainers,
  observeStack,
  type RunningStack,
} from "../../running/index.ts";
import {
  addFirstApp,
  browserUrl,
  changedStarts,
  changedStartText,
  discoveryProblem,
  packageAssets,
  readWorkspace,
  stackFileNames,
  type Workspace,
} from "../../workspace/index.ts";
import { type AppAddress, addressTable, serverAddresses } from "../addresses.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { paintFor, withProgress } from "../screen.ts";
import { silentAddresses } from "../silent-addresses.ts";
import { table } from "../table.ts";

const WITHIN_MS = 60_000;

export default {
  flags: (command) => command.argument("[app...]", "which apps; default: all of the declaration"),
  async run(context, _flags, wanted) {
    const workspace = readWorkspace(context.dir, context.env);
    const { declaration } = workspace;
    const chosen = chooseApps(declaration, wanted);
    const given = Object.keys(givenApps(declaration));
    if (given.length > 0 && wanted.length === 0) {
      context.log.warn(`not verified, because they have DSNs of their own: ${given.join(", ")}`);
    }
    if (chosen.length === 0) {
      const text =
        given.length > 0
          ? "no app has its DSN from a project, so there is nothing to verify"
          : noAppText(workspace.user.services);
      return context.print(context.json ? JSON.stringify({ apps: [], skipped: [] }) : text);
    }
    const docker = openDocker(context);
    const stack = await observeStack(docker);
    const apps = wanted.length > 0 ? chosen : chosen.filter((app) => !isOff(context, stack, app.name));
    const skipped = chosen.filter((app) => !apps.includes(app)).map(({ name }) => name);
    if (skipped.length > 0 && apps.length === 0) {
      return context.print(context.json ? JSON.stringify({ apps: [], skipped }) : "no app runs that could be verified");
    }
    const changed = (await changedStarts(docker, workspace)).filter(({ service }) =>
      apps.some(({ name }) => name === service),
    );
    for (const one of changed) context.log.warn(`${changedStartText(one)}: npx glitchtip-compose up`);
    const results = await withProgress(
      context,
      `sending an event from ${apps.map(({ name }) => name).join(", ")}`,
      async () => {
        const send = containerSender(docker, stack, packageAssets().sendEvent(), context.env, (app, variable) =>
          dsnOnThisMachine(context.dir, declaration, app, variable),
        );
        const names = apps.filter(({ onHost }) => !onHost).map(({ name }) => name);
        const missed = appsStartedWithoutOurs(stack, names, stackFileNames(workspace));
        return await verifyApps(
          {
            ...context,
            send: senderOfWrapped(send, missed, startWithOurs(discoveryProblem(workspace, context.env))),
            read: readerWithProviders(context, declaration, provisionerReader(docker, WITHIN_MS), WITHIN_MS),
          },
          apps,
        );
      },
    );
    await warnOfAddresses(context, docker, declaration, apps);
    printResults(context, workspace, results, skipped);
    context.setExitCode(results.every(({ ok }) => ok) && changed.length === 0 ? EXIT.done : EXIT.failed);
  },
} satisfies CliCommand;

/** An event proves one variable of an app; what its other variables are for is asked without an event. */
async function warnOfAddresses(
  context: CliContext,
  docker: Docker,
  { apps, ...rest }: Declaration,
  wanted: readonly AppToVerify[],
) {
  const verified = Object.fromEntries(Object.entries(apps).filter(([app]) => wanted.some(({ name }) => name === app)));
  for (const text of await silentAddresses(context, docker, { ...rest, apps: verified })) context.log.warn(text);
}

function printResults(
  context: CliContext,
  workspace: Workspace,
  results: readonly VerifyResult[],
  skipped: readonly string[],
): void {
  const url = browserUrl(workspace);
  const apps = results.map((result) => addressOf(result, url));
  if (context.json) {
    const shown = results.map((result, at) => ({ ...result, ...apps[at], place: undefined }));
    context.print(JSON.stringify({ apps: shown, skipped }));
    return;
  }
  context.print(resultsText(results, paintFor(context)));
  const addresses = addressTable({ ...serverAddresses(workspace), apps });
  if (addresses !== "") context.print(`\n${addresses}`);
}

/** Returns the pages of an app's issues and of its event, as far as the provisioner said where they are. */
function addressOf(result: VerifyResult, url: string | undefined): AppAddress {
  const { app } = result;
  if (!result.ok || result.place === undefined || url === undefined) return { app };
  const { organization, projectId, issueId } = result.place;
  const issues = issuesPage(url, organization, projectId);
  return { app, issues, ...(issueId && { event: eventPage(url, organization, issueId, result.eventId) }) };
}

/** Whether a service does not run because of its profile or its scale, which is told then. */
function isOff({ log }: CliContext, stack: RunningStack, name: string): boolean {
  const service = stack.config.services[name];
  const { profiles = [] } = service ?? {};
  const isNone = service !== undefined && service.provider === undefined && !hasContainers(service);
  if ((profiles.length === 0 && !isNone) || containerOf(stack, name) !== undefined) return false;
  const why = isNone ? "it is scaled to 0" : `none of its profiles (${profiles.join(", ")}) is active`;
  log.warn(`${name} is skipped: ${why}, and it does not run`);
  return true;
}

const startWithOurs = (problem: ReturnType<typeof discoveryProblem>): string =>
  `${problem === undefined ? "" : `${problem.fix}, then: `}docker compose up -d --wait`;

export const noAppText = (services: Workspace["user"]["services"]): string =>
  `no app is declared; next: ${addFirstApp(services)}`;

/** Returns a table with a row for each app, and the errors below it. */
export function resultsText(results: readonly VerifyResult[], paint: ReturnType<typeof paintFor>): string {
  const rows = results.map((result) => [
    result.app,
    result.project,
    result.eventId,
    result.ok ? paint("good", `${result.ms} ms`) : paint("bad", "FAILED"),
    result.audience,
    result.via ?? "-",
  ]);
  const failures = results.flatMap((result) => {
    if (result.ok) return [];
    const { code, message, problems = [], remedy } = result.error;
    const more = [...problems.map((line) => `  ${line}`), ...(remedy === undefined ? [] : [`  → ${remedy}`])];
    return ["", `${result.app}: ${code}: ${message}`, ...more];
  });
  return [table([["APP", "PROJECT", "EVENT", "READ BACK", "FOR", "VIA"], ...rows]), ...failures].join("\n");
}
