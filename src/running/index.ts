export { type Account, type Accounts, type OrganizationMembers, openAccounts, ROLES, type Role } from "./accounts.ts";
export {
  type Backlog,
  QUEUE_TABLES,
  queueInDatabase,
  readBacklog,
  STUCK_AFTER_MS,
  type WaitingJobs,
  waitingJobs,
} from "./backlog.ts";
export {
  DATABASE_TOOLS,
  type DatabaseShell,
  databaseContainer,
  dockerShell,
  type ShellOptions,
} from "./database-shell.ts";
export { type DownPlan, type DownVolume, down, planDown } from "./down.ts";
export { hold, release, releaseAndRestart } from "./hold.ts";
export { type PushedImage, pushedName, pushImage, requireImages, usedImages } from "./images.ts";
export { errorFilter } from "./log-failures.ts";
export { type LogLine, readLogs } from "./logs.ts";
export { databaseService, programInside, runningOf, serviceNamed, serviceOfPart } from "./programs.ts";
export { openRotation, provisionerStatus, STARTED_BEFORE, startedBefore } from "./provisioner-status.ts";
export { hostUrl } from "./published-url.ts";
export { planRestart, restart } from "./restart.ts";
export { planRestartInside, restartInside } from "./restart-inside.ts";
export {
  containerOf,
  DATABASE,
  DSN_DIR,
  databaseContainerOf,
  databaseOf,
  INIT,
  imageBehind,
  isOurs,
  isSingle,
  notStarted,
  ONE_SHOTS,
  observeStack,
  PROVISIONER,
  PROXY,
  type RunningStack,
  SERVER,
  VALKEY,
  WORKER,
} from "./running-stack.ts";
export { problemOf, type ServiceStatus, servicesOf } from "./service-status.ts";
export { stopServices } from "./stop-services.ts";
export { up } from "./up.ts";
