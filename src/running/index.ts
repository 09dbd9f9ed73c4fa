export { type Account, type Accounts, type OrganizationMembers, openAccounts } from "./accounts.ts";
export {
  type Backlog,
  DATABASE_STARTED_MS,
  NO_QUEUE_TABLE,
  OUTLIVED,
  QUEUE_TABLES,
  queueInDatabase,
  readBacklog,
  STUCK_AFTER_MS,
  type WaitingJobs,
  waitingJobs,
} from "./backlog.ts";
export { byStart, causeOf, NO_DSN_EXIT } from "./cause.ts";
export { databaseOutsideVolumes } from "./database-place.ts";
export {
  type DatabaseShell,
  databaseContainer,
  dockerShell,
  PSQL_PREAMBLE,
  type ShellOptions,
} from "./database-shell.ts";
export {
  divideVolumes,
  type MyVolumes,
  planRemoval,
  planStackRemoval,
  removeStack,
  removeStackParts,
  type StackRemoval,
  type StackVolume,
} from "./down.ts";
export {
  type DotenvEdit,
  dotenvDsn,
  dotenvEdits,
  followProvisioner,
  outdatedDotenvFiles,
  writeDotenvFiles,
} from "./host-apps.ts";
export { type PushedImage, pushedName, pushImage, requireImages, usedImages } from "./images.ts";
export { drainQueue, jobQueueOf, pauseIntake, whilePaused } from "./intake.ts";
export { errorFilter, type LogLine, readLogs } from "./logs.ts";
export {
  baseImage,
  containerOf,
  databaseContainerOf,
  databaseOf,
  hasContainers,
  isSingleContainer,
  observeStack,
  type RunningStack,
  runningContainer,
  stackNotStarted,
} from "./observe.ts";
export { databaseService, programInside, serviceNamed, serviceOfPart } from "./parts.ts";
export { upPatiently } from "./patient-up.ts";
export { hostUrl, remoteEngineHost } from "./published-url.ts";
export { planProgramRestart, planRestart, restartPrograms, restartServices, withoutLoss } from "./restart.ts";
export {
  claimProblems,
  instanceOfData,
  movedNotes,
  observeClaims,
  refuseForeignStack,
  rememberTakenFolders,
  type StackClaims,
  type WorkspaceIdentity,
} from "./stack-owner.ts";
export { madeAdminPassword, openStackSecrets, type StackSecrets } from "./stack-secrets.ts";
export { appsStartedWithoutOurs, STARTED_WITHOUT_OURS } from "./started-files.ts";
export {
  appsStartedBeforeDsn,
  appsWithLostDsn,
  containerProblem,
  dividedByRecreation,
  isCutOff,
  issuePagesOf,
  LOST_DSN,
  NEVER_STARTED,
  openRotationNotes,
  otherImage,
  provisionerStatus,
  RECREATE_INTERRUPTED,
  RUNS_OTHER,
  readDsnFile,
  type ServiceState,
  STARTED_BEFORE_DSN,
  serviceStates,
} from "./state.ts";
export { holdPrograms, releasePrograms, resumePrograms, stopServices } from "./stop.ts";
export { requireFreePorts } from "./taken-ports.ts";
export { startStack } from "./up.ts";
export { FREE_VALKEY, readValkeyMemory, type ValkeyMemory, valkeyProblem } from "./valkey-memory.ts";
