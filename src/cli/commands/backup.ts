import {
  type BackupFolders,
  type BackupTarget,
  backupFolders,
  chooseBackup,
  createBackup,
  declaredTarget,
  describeBackup,
  encryptionWith,
  type FileEncryption,
  fetchBackup,
  type ListedBackup,
  listBackups,
  listUploaded,
  missingIn,
  parseRetentionRules,
  pruneBackups,
  stackBackups,
  uploadBackup,
  verifyBackup,
} from "../../backup/index.ts";
import { formatSize } from "../../base/byte-size.ts";
import { counted } from "../../base/counted.ts";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { openDocker } from "../../docker/index.ts";
import { composeProjectNameOf, packageAssets, readWorkspace, type Workspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { ago, withProgress } from "../screen.ts";
import { type PassphraseFlags, passphraseOf } from "../secret-input.ts";
import { table } from "../table.ts";

interface Flags extends PassphraseFlags, ConfirmationFlags {
  readonly to?: string;
  readonly verify: boolean;
  readonly upload: boolean;
  readonly target?: boolean;
  readonly includeSecrets?: boolean;
  readonly recipient?: readonly string[];
  readonly keep?: string;
}

/** What an action works on. */
interface Call {
  readonly context: CliContext;
  readonly project: Workspace;
  /** The folder of new backups, then those in which older ones may lie. */
  readonly folders: BackupFolders;
  readonly flags: Flags;
  readonly names: readonly string[];
}

const ACTIONS: Readonly<Record<string, (call: Call) => Promise<void>>> = { create, list, verify, prune, fetch };

export default {
  actions: Object.keys(ACTIONS),
  flags: (command) =>
    withConfirmation(
      command
        .argument("<action>", "create, list, verify, prune or fetch")
        .argument("[backup...]", "for verify and fetch: names, paths or latest (default)")
        .option(
          "--to <folder>",
          "where backups are kept; default: the declared `backup.folder`, or a folder of yours outside the workspace",
        )
        .option("--no-verify", "for create: skip the trial restore")
        .option("--no-upload", "for create: do not copy the backup to the declared target")
        .option("--target", "for list: the backups at the declared target")
        .option(
          "--include-secrets",
          "for create: include the secrets, encrypted with a passphrase (asked for) or for age recipients",
        )
        .option("--recipient <age1…>", "an age public key to encrypt the secrets for; may be repeated", collect)
        .option("--passphrase-file <path>", "a file whose first line is the passphrase")
        .option("--passphrase-env <name>", "the environment variable with the passphrase")
        .option(
          "--keep <rules>",
          "for prune: which backups stay, by last, hourly, daily, weekly, monthly, yearly, such as daily=7,weekly=4",
        ),
      "backup",
    ),
  async run(context, flags, [action = "", ...names]) {
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined) {
      throw new CodedError("GC1001", `there is no \`backup ${action}\``, {
        remedy: `One of ${Object.keys(ACTIONS).join(", ")}. See: npx glitchtip-compose backup --help`,
      });
    }
    const project = readWorkspace(context.dir, context.env);
    await act({ context, project, folders: backupFolders(project, context.env, flags.to), flags, names });
  },
} satisfies CliCommand<Flags>;

async function create({ context, project, folders: [folder], flags }: Call): Promise<void> {
  const encryption = flags.includeSecrets ? await encryptionOf(context, flags) : undefined;
  const open = { ...context, docker: openDocker(context), workspace: project, toolVersion: packageAssets().version };
  const verify = flags.verify && (project.declaration.backup?.verify ?? true);
  const made = await withProgress(context, "looking at the stack", ({ say }) =>
    createBackup(
      { ...stackBackups(open, folder), log: { ...context.log, step: say } },
      { reason: "manual", verify, ...(encryption && { encryption }) },
    ),
  );
  const { manifest, path } = made;
  const target = flags.upload ? await declaredTarget({ ...context, workspace: project }) : undefined;
  if (target !== undefined) context.log.info(`created ${path}`);
  if (target !== undefined) await withProgress(context, "copying it to the target", () => uploadBackup(target, made));
  if (context.json) return context.print(JSON.stringify({ path, uploaded: target !== undefined, ...manifest }));
  const copied = target === undefined ? "" : "; copied to the target";
  context.print(`${path}\n${describeBackup(made)}; trial restore: ${verify ? "passed" : "skipped"}${copied}`);
  if (manifest.secrets === "none")
    context.log.info(
      "It holds no secrets: create one with --include-secrets as well, or write down what npx glitchtip-compose password prints.",
    );
}

async function encryptionOf(context: CliContext, { recipient = [], ...flags }: Flags): Promise<FileEncryption> {
  if (recipient.length > 0) return await encryptionWith({ recipients: recipient });
  return await encryptionWith({ passphrase: await passphraseOf(context, flags, true) });
}

async function list({ context, project, folders, flags }: Call): Promise<void> {
  if (flags.target) {
    const names = await withProgress(context, "asking the target", async () =>
      listUploaded(await targetOf(context, project)),
    );
    return context.print(context.json ? JSON.stringify({ names }) : names.join("\n") || "no backups at the target");
  }
  const found = listBackups(...folders);
  const [folder, former] = folders;
  if (context.json) return context.print(JSON.stringify({ folder, backups: found.map(shown) }));
  if (found.length === 0) return context.print(`no backups in ${folder}`);
  if (former !== undefined) context.log.info(formerNote(folder, former));
  const now = context.clock.now();
  const rows = found.map(({ name, atMs, bytes, manifest, problem }) => [
    name,
    `${ago(atMs, now)} ago`,
    formatSize(bytes),
    manifest?.reason ?? "",
    manifest?.secrets ?? "",
    problem ?? (manifest?.verified === "no" ? "not verified" : "good"),
  ]);
  context.print(table([["NAME", "AGE", "SIZE", "REASON", "SECRETS", "STATE"], ...rows]));
}

/** Says where backups of an earlier version lie, and how they come to the new ones. */
const formerNote = (folder: string, former: string): string =>
  `New backups go to ${folder}. Those in ${former} still count; to have all in one place: mv ${former}/glitchtip-* ${folder}/`;

const shown = ({ name, path, atMs, bytes, manifest, problem }: ListedBackup) => ({
  name,
  path,
  at: new Date(atMs).toISOString(),
  bytes,
  ...(manifest && { reason: manifest.reason, secrets: manifest.secrets, verified: manifest.verified }),
  ...defined({ problem }),
});

async function verify({ context, project, folders, names }: Call): Promise<void> {
  const wanted = names.length === 0 ? ["latest"] : names;
  const checked: string[] = [];
  for (const name of wanted) {
    const found = chooseBackup(folders, project.dir, name);
    await withProgress(context, `reading ${found.path}`, () => verifyBackup(found, context.signal));
    checked.push(found.path);
    if (missingIn(found) !== "") context.log.warn(`${found.path}${missingIn(found)}`);
  }
  if (context.json) return context.print(JSON.stringify({ good: checked }));
  for (const path of checked) context.print(`${path}: every file is intact`);
}

async function fetch({ context, project, folders: [folder], names: [name = "latest"] }: Call): Promise<void> {
  const target = await targetOf(context, project);
  const { path } = await withProgress(context, `fetching ${name}`, ({ say }) =>
    fetchBackup(target, { ...context, folder, log: { ...context.log, step: say } }, name),
  );
  context.print(context.json ? JSON.stringify({ path }) : path);
}

async function targetOf(context: CliContext, project: Workspace): Promise<BackupTarget> {
  const target = await declaredTarget({ ...context, workspace: project });
  if (target !== undefined) return target;
  throw new CodedError("GC1001", "no target is declared", {
    remedy: "Declare it: backup.target.s3 in glitchtip.yaml.",
  });
}

async function prune({ context, project, folders: [folder, ...others], flags }: Call): Promise<void> {
  const rules = flags.keep ?? project.declaration.backup?.keep;
  if (rules === undefined) {
    throw new CodedError("GC1001", "no option says which backups to keep", {
      remedy: "Add --keep daily=7,weekly=4, or state the same in glitchtip.yaml as backup.keep",
    });
  }
  const keep = parseRetentionRules(rules);
  const { dryRun = false } = flags;
  const name = composeProjectNameOf(project.dir, project.composeProjectName);
  const confirm = (names: readonly string[]) =>
    agreed(context, flags, { text: `Delete ${counted(names.length, "backup")} for good: ${names.join(", ")}.`, name });
  const result = await pruneBackups({ ...context, folder, others }, keep, { dryRun, confirm });
  if (result.refused) return;
  if (context.json) return context.print(JSON.stringify({ dryRun, deleted: result.names }));
  const verb = dryRun ? "would delete" : "deleted";
  context.print(result.names.length === 0 ? `${verb} nothing` : `${verb}:\n  ${result.names.join("\n  ")}`);
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
