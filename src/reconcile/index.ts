export type { Action, FieldChange, Plan, ProjectCreate, Remark, Undeclared } from "./action.ts";
export { desiredServers } from "./from-declaration.ts";
export { observedKey, observedMember, observedMonitor, observedProject, observedStatusPage } from "./from-wire.ts";
export { JIRA_ALERT, jiraTargets } from "./jira.ts";
export type { KnownOrganization, KnownServer } from "./known.ts";
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
  type Reference,
} from "./model.ts";
export { planServer } from "./plan.ts";
export { type ProvisionedOrganization, type ProvisioningAction, planProvisioning } from "./provisioning.ts";
export { matchRecipients } from "./recipients.ts";
export { resolveDesired } from "./resolve.ts";
export { KIND_OF } from "./scope.ts";
export type { Resolve } from "./secrets.ts";
export { needsTeamList } from "./teams.ts";
export { isPrivateUrl, textOf } from "./webhook-url.ts";
