import { refuseUnstartable, thisMachine, upFailure } from "../../checks/index.ts";
import { openDocker } from "../../docker/index.ts";
import { startStack as bringUp, issuePagesOf, observeStack, provisionerStatus } from "../../running/index.ts";
import {
  browserUrl,
  followImages,
  handOverVaultSecrets,
  makeBackupFolder,
  readVaultSecrets,
  readWorkspace,
  refuseMissedStackFile,
  removeOldVaultCopies,
  workspaceDocker,
  writeGivenDsns,
} from "../../workspace/index.ts";
import { addressTable, serverAddresses } from "../addresses.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";
import { silentAddresses } from "../silent-addresses.ts";

export default {
  async run(context) {
    const docker = openDocker(context);
    const project = await followImages(
      { ...context, docker: workspaceDocker(context) },
      docker,
      readWorkspace(context.dir, context.env),
    );
    const { declaration } = project;
    refuseMissedStackFile(project, context.env);
    const taken = await refuseUnstartable({ ...context, docker, machine: thisMachine(context.clock) }, project);
    const secrets = await readVaultSecrets(context, project);
    for (const warning of await handOverVaultSecrets(docker, secrets)) context.log.warn(warning);
    removeOldVaultCopies(context.dir);
    makeBackupFolder(project, context.env);
    const given = await writeGivenDsns(context, project);
    const result = await withProgress(context, "starting", (progress) => {
      const talk = { say: (line: string) => progress.say(line.trim()), warn: (line: string) => context.log.warn(line) };
      return bringUp({ ...context, docker, ...talk }, declaration);
    }).catch((error: unknown) => {
      throw upFailure(error, taken);
    });
    for (const text of await silentAddresses(context, docker, declaration)) context.log.warn(text);
    for (const app of result.without) context.log.warn(`${app} has no DSN yet and starts without reporting`);
    const pages = issuePagesOf(await provisionerStatus(await observeStack(docker)), browserUrl(project));
    const apps = Object.keys(declaration.apps).map((app) => ({ app, issues: pages[app] }));
    const addresses = { ...serverAddresses(project), apps };
    if (context.json) {
      return context.print(JSON.stringify({ ...result, written: [...given, ...result.written], addresses }));
    }
    for (const path of [...given, ...result.written]) context.print(`wrote ${path}`);
    context.print(`everything runs; next: npx glitchtip-compose verify\n\n${addressTable(addresses)}`);
  },
} satisfies CliCommand;
