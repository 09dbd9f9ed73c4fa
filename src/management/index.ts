export type { Outcome } from "./apply.ts";
export { applyServers, keepInvitations, lockServers } from "./apply-servers.ts";
export {
  type BrokenDeclaration,
  type DeclaredServer,
  declaredServers,
  serversIn,
  usableServers,
} from "./declared.ts";
export { IMPORT_KINDS, type ImportResult, importInto } from "./import/index.ts";
export { readPlanFile, requireSame, writePlanFile } from "./plan-file.ts";
export { lookAt, planServers, whyNotAsked } from "./plan-servers.ts";
export type { PullResult } from "./pull/index.ts";
export { KIND_OF, pull } from "./pull/index.ts";
export { type NewFileOptions, pullNew } from "./pull/new-file.ts";
export {
  type LookedServer,
  nameOf,
  placeOf,
  plansOf,
  type Report,
  type ReportedAction,
  type ReportedProblem,
  reportedProblems,
  reportOf,
  wordFor,
} from "./report.ts";
export { openServers, type Servers } from "./servers.ts";
export { testAlert } from "./test-alert.ts";
export { exportConfiguration, requireOne } from "./transfer/export.ts";
export { readConfiguration, writeConfiguration } from "./transfer/file.ts";
export { type MovedDsn, movedDsns, wantedOf, withOrganization } from "./transfer/import.ts";
