import type {
  ManagedKey,
  ManagedProject,
  ServerAlert,
  ServerMember,
  ServerMonitor,
  ServerRecipient,
  ServerStatusPage,
} from "../../glitchtip/wire/managed.ts";
import type {
  ObservedAlert,
  ObservedKey,
  ObservedMember,
  ObservedMonitor,
  ObservedProject,
  ObservedRecipient,
  ObservedStatusPage,
} from "../../reconcile/server/model.ts";

/** The normal form of what the server answers. */
export const observedProject = (project: ManagedProject): ObservedProject => ({
  id: project.id,
  slug: project.slug,
  dateCreated: project.dateCreated,
  name: project.name,
  platform: project.platform ?? null,
  throttle: project.eventThrottleRate ?? 0,
  teams: project.teams?.map(({ slug }) => slug) ?? [],
});

export const observedKey = ({ id, label, name, rateLimit }: ManagedKey): ObservedKey => ({
  id,
  label: label ?? name ?? "",
  rateLimit: rateLimit ?? null,
});

export const observedAlert = (alert: ServerAlert): ObservedAlert => ({
  id: alert.id,
  name: alert.name ?? "",
  timespanMinutes: alert.timespanMinutes ?? null,
  quantity: alert.quantity ?? null,
  uptime: alert.uptime ?? false,
  recipients: (alert.alertRecipients ?? []).map(observedRecipient),
});

function observedRecipient({ recipientType, url, tagsToAdd, config }: ServerRecipient): ObservedRecipient {
  const recipient = { type: recipientType, url: url ?? "" };
  if (tagsToAdd == null && config == null) return recipient;
  return { ...recipient, ...(tagsToAdd == null ? {} : { tagsToAdd }), ...(config == null ? {} : { config }) };
}

export const observedMonitor = (monitor: ServerMonitor): ObservedMonitor => ({
  id: monitor.id,
  name: monitor.name,
  type: monitor.monitorType,
  url: monitor.url,
  // What the server takes where none is sent (monitors scenario).
  intervalSeconds: monitor.interval ?? 60,
  timeoutSeconds: monitor.timeout,
  expectedStatus: monitor.expectedStatus,
  expectedBody: monitor.expectedBody,
  projectId: monitor.projectID ?? monitor.project ?? null,
});

export const observedStatusPage = ({ slug, name, isPublic }: ServerStatusPage): ObservedStatusPage => ({
  slug,
  name,
  isPublic: isPublic ?? false,
});

export const observedMember = ({ id, email, role, pending }: ServerMember): ObservedMember => ({
  id,
  email,
  role,
  pending: pending ?? false,
});
