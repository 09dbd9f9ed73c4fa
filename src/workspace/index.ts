export { composeProjectNameOf } from "../config/workspace-names.ts";
export { type AddOptions, addApp, removeApp } from "./apps.ts";
export { type Assets, isSample, packageAssets, SAMPLE_PORT, sampleCompose, sampleProject } from "./assets.ts";
export { backupPlaceOf, makeBackupFolder } from "./backup-folder.ts";
export { readComposeFiles, readUserFilesWith } from "./compose-files.ts";
export type { PlannedFile } from "./decisions.ts";
export { DECLARATION_FILE, readDeclarationText } from "./declaration-file.ts";
export { BASE_FILES, type ComposeFiles, composeFilesIn, type Discovery, stackFileNames } from "./discovery.ts";
export { discoveryProblem, refuseMissedStackFile } from "./discovery-problem.ts";
export { workspaceDocker } from "./docker.ts";
export { EDITOR_LINE } from "./editor-schema.ts";
export { parseEnv, setVariable } from "./env-file.ts";
export { exposureRemedy, exposures, exposureText, exposureWarning } from "./exposure.ts";
export { writeGivenDsns } from "./given-dsns.ts";
export { changedStarts, changedStartText, followImages, imageStartNotes } from "./image-starts.ts";
export { type ImageOptions, workspaceIdentity } from "./images.ts";
export { lockImages, unlockImages } from "./lock.ts";
export { planManagedFiles } from "./managed-files.ts";
export { addFirstApp } from "./next-steps.ts";
export { asOptionMistake } from "./option-mistakes.ts";
export { composeFolderAbove, notEmpty, thingsIn } from "./place.ts";
export { differencesOf, type FileDifference, noteDeclaration, type PlanParts, planFiles, planParts } from "./plan.ts";
export { ejectFiles, renderFiles } from "./render.ts";
export { reportersFirst } from "./reporters.ts";
export { OLD_SECRET_FILES, oldSecretFiles, refuseUnreadableSecrets, stackSecretProblem } from "./secrets.ts";
export { ASSUMED, declaredFor, MEASURED, type Sizing, sizeFor } from "./size.ts";
export { type Survey, surveyFolder } from "./survey.ts";
export { applyUninstall, planUninstall, type UninstallOptions, type UninstallPlan } from "./uninstall.ts";
export {
  accountOf,
  conflictIn,
  type UpdateOptions,
  updateWorkspace,
  type WorkspaceContext,
  type WorkspaceResult,
} from "./update.ts";
export {
  type ComparedSecret,
  compareVaultSecrets,
  handOverVaultSecrets,
  readVaultSecrets,
  removeOldVaultCopies,
  type VaultSecret,
} from "./vault-secrets.ts";
export { appsWithLostWrapper, lostWrapperRemedy, lostWrapperText } from "./warnings.ts";
export {
  browserUrl,
  readEnvText,
  readWorkspace,
  readWorkspaceWith,
  renderWorkspace,
  type Workspace,
  workspaceFrom,
} from "./workspace.ts";
