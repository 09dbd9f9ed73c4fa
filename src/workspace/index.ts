export { type AddOptions, add } from "./add.ts";
export { peoplesUrl } from "./address.ts";
export { type Assets, isSample, packageAssets, SAMPLE_PROJECT } from "./assets.ts";
export {
  type Bringing,
  bringUpToDate,
  conflictIn,
  type WorkspaceContext,
  type WorkspaceResult,
} from "./bring-up-to-date.ts";
export { composeFilesIn, readComposeFiles } from "./compose-files.ts";
export type { PlannedFile } from "./decide.ts";
export { DECLARATION_FILE } from "./declaration-file.ts";
export { differencesOf, type FileDifference } from "./difference.ts";
export { workspaceDocker } from "./docker.ts";
export { eject } from "./eject.ts";
export { parseEnv, setVariable } from "./env-file.ts";
export { writeGivenDsns } from "./given-dsns.ts";
export { type ImageOptions, projectNameOf } from "./images.ts";
export { lock, unlock } from "./lock.ts";
export { planWrites } from "./managed.ts";
export { overriddenApps, overriddenRemedy, overriddenText } from "./overridden.ts";
export { planFiles } from "./plan-files.ts";
export { type PlanParts, planParts } from "./plan-parts.ts";
export { readDeclarationText, readWorkspace, readWorkspaceWith, renderWorkspace } from "./read.ts";
export { remove } from "./remove.ts";
export { noteDeclaration, render } from "./render.ts";
export { missingSecrets, SECRET_FILES } from "./secrets.ts";
export { declaredFor, type Sizing, sizeFor } from "./size/index.ts";
export { ASSUMED, MEASURED } from "./size/measured.ts";
export { survey } from "./survey.ts";
export { readUserFilesWith } from "./user-files.ts";
export { aboutVaultCopies, compareVaultCopies, type VaultCopy, writeVaultCopies } from "./vault-copies.ts";
export { readEnvText, type Workspace, workspaceFrom } from "./workspace.ts";
