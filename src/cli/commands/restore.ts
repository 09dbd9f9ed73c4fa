import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  abortRestore,
  type Backup,
  type BackupContents,
  type BackupFolders,
  backupFolders,
  checkRestore,
  chooseBackup,
  type DecryptionKey,
  describeBackup,
  differingFiles,
  isRestoreOf,
  missingFiles,
  missingIn,
  newSecretNotes,
  openContents,
  type RestoreResult,
  requireCompleteWorkspace,
  restoreBackup,
  restoreProgress,
  secretsInVolumes,
  verifyBackup,
  writeMissingFiles,
  writeMissingSecrets,
} from "../../backup/index.ts";
import { counted } from "../../base/counted.ts";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { Secret } from "../../base/secret.ts";
import { type Docker, openDocker } from "../../docker/index.ts";
import { DECLARATION_FILE, packageAssets, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { withProgress } from "../screen.ts";
import { type PassphraseFlags, passphraseOf } from "../secret-input.ts";

interface Flags extends PassphraseFlags, ConfirmationFlags {
  readonly into?: string;
  readonly identityFile?: string;
  readonly withoutSecrets?: boolean;
  /** False by --no-safety-backup. */
  readonly safetyBackup: boolean;
  readonly abort?: boolean;
}

export default {
  flags: (command) =>
    withConfirmation(
      command
        .argument("[backup]", "the backup's folder, its name, or latest")
        .option("--into <folder>", "the folder to restore into: another workspace, or a new one")
        .option("--abort", "undo an interrupted restore: the previous data is in use again")
        .option("--no-safety-backup", "do not back up the current data first")
        .option("--without-secrets", "do not decrypt the backup's secrets")
        .option("--identity-file <path>", "a file with the age identity that decrypts the backup's secrets")
        .option("--passphrase-file <path>", "a file whose first line is the passphrase")
        .option("--passphrase-env <name>", "the environment variable with the passphrase"),
      "restore",
    ),
  async run(context, flags, [wanted]) {
    const dir = resolve(context.dir, flags.into ?? ".");
    const docker = openDocker({ ...context, dir });
    const open = () => ({
      ...context,
      docker,
      workspace: readWorkspace(dir, context.env),
      toolVersion: packageAssets().version,
    });
    if (flags.abort) return await abort(context, open());
    if (wanted === undefined) {
      throw new CodedError("GC1001", "no backup is named", { remedy: "npx glitchtip-compose restore latest" });
    }
    const backup = chooseBackup(foldersOf(context), context.dir, wanted);
    await withProgress(context, `reading ${backup.path}`, () => verifyBackup(backup, context.signal));
    const contents = await contentsOf(context, backup, flags, dir, docker);
    const options = { backup, contents, safety: flags.safetyBackup };

    const isNew = !existsSync(join(dir, DECLARATION_FILE));
    if (flags.dryRun) {
      if (isNew) return report(context, { dryRun: true, backup: backup.path, project: null, database: "is new" });
      const checked = await withProgress(context, "checking", () => checkRestore(open(), options));
      return report(context, { dryRun: true, backup: backup.path, ...checked });
    }
    if (!isNew) {
      const { project } = await withProgress(context, "checking", () => checkRestore(open(), options));
      if (!(await mayReplace(context, backup, dir, project, flags))) return;
      const differ = differingFiles(dir, contents);
      if (differ.length > 0)
        context.log.info(`These files stay as they are, although they differ in the backup: ${differ.join(", ")}`);
      for (const note of newSecretNotes(dir, contents, await secretsInVolumes(docker, dir))) context.log.warn(note);
    }
    const written = writeMissingFiles(dir, contents);
    for (const path of written) context.log.info(`wrote ${path}`);
    for (const name of await writeMissingSecrets(docker, dir, contents))
      context.log.info(`put ${name} into its volume`);
    const result = await withProgress(context, "restoring", ({ say }) =>
      restoreBackup({ ...open(), log: { ...context.log, step: say } }, options),
    );
    print(context, result);
    if (missingIn(backup) !== "") context.log.warn(`${backup.path}${missingIn(backup)}: restore these by hand`);
  },
} satisfies CliCommand<Flags>;

async function abort(context: CliContext, open: Parameters<typeof abortRestore>[0]): Promise<void> {
  const aborted = await withProgress(context, "looking for an interrupted restore", ({ say }) =>
    abortRestore({ ...open, log: { ...context.log, step: say } }),
  );
  if (context.json) return context.print(JSON.stringify({ aborted: aborted ?? null }));
  context.print(aborted === undefined ? "no restore is under way" : `the restore of ${aborted} is undone`);
}

/** Asks for the project's name, unless this very restore has begun already. */
async function mayReplace(
  context: CliContext,
  backup: Backup,
  dir: string,
  project: string,
  flags: ConfirmationFlags,
): Promise<boolean> {
  const begun = restoreProgress.read(dir);
  if (begun !== undefined && isRestoreOf(begun, backup)) return true;
  const text = `Everything in ${project} is replaced by ${backup.path} (${describeBackup(backup)}).`;
  return await agreed(context, flags, { text, name: project });
}

/** Returns where backups are looked for by name: those of the workspace, or `backups` where there is no declaration yet. */
const foldersOf = ({ dir, env }: CliContext): BackupFolders =>
  existsSync(join(dir, DECLARATION_FILE)) ? backupFolders(readWorkspace(dir, env), env) : [join(dir, "backups")];

/** Reads the backup. Its secrets are decrypted where a key is given, or asked for where the folder lacks files. */
async function contentsOf(
  context: CliContext,
  backup: Backup,
  flags: Flags,
  dir: string,
  docker: Docker,
): Promise<BackupContents> {
  const { identityFile, passphraseFile, passphraseEnv, withoutSecrets = false } = flags;
  const closed = await openContents(backup, undefined);
  const has = backup.manifest.secrets !== "none" && !withoutSecrets;
  const given = [identityFile, passphraseFile, passphraseEnv].some((one) => one !== undefined);
  const there = await secretsInVolumes(docker, dir);
  const isIncomplete = [...missingFiles(dir, closed, there), ...newSecretNotes(dir, closed, there)].length > 0;
  const asks = context.interactive && backup.manifest.secrets === "passphrase" && isIncomplete;
  const contents = has && (given || asks) ? await openContents(backup, await keyOf(context, flags)) : closed;
  requireCompleteWorkspace(dir, contents, there);
  return contents;
}

async function keyOf(context: CliContext, { identityFile, ...flags }: Flags): Promise<DecryptionKey> {
  if (identityFile === undefined) return { passphrase: await passphraseOf(context, flags) };
  const text = readIfThere(resolve(context.dir, identityFile)) ?? "";
  const identities = text.split(/\r?\n/).filter((line) => line.startsWith("AGE-"));
  if (identities.length > 0) return { identities: identities.map((line) => new Secret(line.trim())) };
  throw new CodedError("GC1107", `there is no age identity in ${identityFile}`, {
    remedy: "Give the file that age-keygen wrote; its last line begins with AGE-SECRET-KEY-1.",
  });
}

function report(context: CliContext, checked: { readonly database: string } & Record<string, unknown>): void {
  if (context.json) {
    context.print(JSON.stringify(checked));
    return;
  }
  const database = { checked: "fits", "is not running": "is not running, so it was not asked" }[checked.database];
  context.print(
    `${checked.backup}: intact, created by glitchtip-compose, and fits; the database ${database ?? checked.database}`,
  );
  context.print("nothing was changed");
}

function print(context: CliContext, result: RestoreResult): void {
  if (context.json) {
    context.print(JSON.stringify(result));
    return;
  }
  const { project, backup, tables, rows, apps, safety } = result;
  context.print(
    `${project} is as it was in ${backup}: ${counted(tables, "table")}, ${counted(rows, "row")}, all equal`,
  );
  if (apps.length > 0) context.print(`the old DSN of ${apps.join(", ")} was accepted`);
  if (safety !== undefined) context.print(`the data from before the restore is in ${safety}`);
}
