export { createBundle, verifyBundle } from "./bundle/bundle.ts";
export {
  type Backup,
  type BackupFolders,
  chooseBackup,
  type ListedBackup,
  listBackups,
  verifyBackup,
} from "./catalog.ts";
export { createBackup, describeBackup, missingIn } from "./create.ts";
export { type DecryptionKey, encryptionWith, type FileEncryption } from "./encryption.ts";
export { filesElsewhere } from "./files-elsewhere.ts";
export { type BackupState, backupProblems, backupState } from "./report.ts";
export {
  type BackupContents,
  differingFiles,
  missingFiles,
  newSecretNotes,
  openContents,
  requireCompleteWorkspace,
  secretsInVolumes,
  writeMissingFiles,
  writeMissingSecrets,
} from "./restore/contents.ts";
export { isRestoreOf, restoreProgress } from "./restore/progress.ts";
export { abortRestore, checkRestore, type RestoreResult, restoreBackup } from "./restore/restore.ts";
export { parseRetentionRules, pruneBackups } from "./retention.ts";
export { backupFolder, backupFolders, stackBackups } from "./stack-sources.ts";
export { declaredTarget, fetchBackup, listUploaded, uploadBackup } from "./targets/copies.ts";
export type { BackupTarget } from "./targets/target.ts";
export { checkForUpgrade } from "./upgrade/check.ts";
export { lockUpgrades } from "./upgrade/context.ts";
export { pullImage, requireUpgradableServer } from "./upgrade/observe.ts";
export type { UpgradePlan, WantedUpgrade } from "./upgrade/plan.ts";
export { type UpgradeProgress, unfinishedUpgrade, upgradeProgress } from "./upgrade/progress.ts";
export { rollBackUpgrade } from "./upgrade/rollback.ts";
export { findOldDatabaseVolumes, removeVolumes } from "./upgrade/stack.ts";
export { executeUpgrade, type UpgradeResult } from "./upgrade/steps.ts";
export {
  imagesToPull,
  prepareUpgrade,
  requireSameUpgrade,
  startUpgrade,
} from "./upgrade/upgrade.ts";
