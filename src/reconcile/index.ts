export type { Action, FieldChange, Plan, ProjectCreate, Remark, Undeclared } from "./action.ts";
export {
  type DesiredAlert,
  type DesiredKey,
  type DesiredMonitor,
  type DesiredOrganization,
  type DesiredProject,
  type DesiredRecipient,
  type DesiredServer,
  KINDS,
  type Kind,
  type Reference,
} from "./desired.ts";
export { desiredServers, KIND_OF } from "./from-declaration.ts";
export { JIRA_ALERT, jiraTargets } from "./jira.ts";
export type { KnownOrganization, KnownServer } from "./matching.ts";
export {
  type ObservedAlert,
  type ObservedKey,
  type ObservedMember,
  type ObservedMonitor,
  type ObservedOrganization,
  type ObservedProject,
  type ObservedRecipient,
  type ObservedServer,
  type ObservedStatusPage,
  type ObservedTeam,
  observedKey,
  observedMember,
  observedMonitor,
  observedProject,
  observedStatusPage,
} from "./observed.ts";
export { planServer } from "./plan.ts";
export { type ProvisionedOrganization, type ProvisioningAction, planProvisioning } from "./provisioning.ts";
export { clearText, isPrivateUrl, matchRecipients } from "./recipients.ts";
export type { Resolve } from "./resolve.ts";
export { resolveDesired } from "./resolve.ts";
export { needsTeamList } from "./teams.ts";
