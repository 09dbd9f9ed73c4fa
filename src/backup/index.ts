export { createBundle } from "./bundle/create.ts";
export { verifyBundle } from "./bundle/verify.ts";
export { type Backup, checkFiles, chooseBackup, type ListedBackup, listBackups } from "./catalog.ts";
export { createBackup, describeBackup } from "./create.ts";
export { mebibytes } from "./folder.ts";
export { backupFolder, declaredTarget, stackBackups } from "./open.ts";
export { pruneBackups } from "./prune.ts";
export { type BackupState, backupProblems, backupState } from "./report.ts";
export {
  type Contents,
  differingFiles,
  missingFiles,
  openContents,
  requireFiles,
  writeMissing,
} from "./restore/files.ts";
export { checkRestore, type RestoreResult, restoreBackup } from "./restore/index.ts";
export { isOf, readRestoreProgress } from "./restore/progress.ts";
export { abortRestore } from "./restore/take-back.ts";
export { parseKeep } from "./retention.ts";
export { CONNECT } from "./scripts.ts";
export { type Key, type Seal, sealWith } from "./secrets.ts";
export { type BackupTarget, fetchBackup, listTarget, uploadBackup } from "./target.ts";
export { checkForUpgrade } from "./upgrade/check.ts";
export { oldVolumes, removeVolumes } from "./upgrade/cleanup.ts";
export { lockUpgrades } from "./upgrade/context.ts";
export { goBack } from "./upgrade/go-back.ts";
export { lookAtStack, pullImage, requireStack } from "./upgrade/look.ts";
export { currentImage, planUpgrade, targetImage, type UpgradePlan, type Wanted } from "./upgrade/plan.ts";
export { currentPostgres, targetPostgres } from "./upgrade/postgres.ts";
export { beginProgress, isUnderWay, type Progress, readUpgradeProgress } from "./upgrade/progress.ts";
export { carryOutUpgrade, type UpgradeResult } from "./upgrade/run.ts";
export { checkSettings } from "./upgrade/settings.ts";
