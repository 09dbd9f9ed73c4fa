import type {
  ManagedKey,
  ManagedProject,
  ServerMember,
  ServerMonitor,
  ServerStatusPage,
} from "../glitchtip/wire/managed.ts";
import type { ObservedKey, ObservedMember, ObservedMonitor, ObservedProject, ObservedStatusPage } from "./model.ts";

/** These functions return the normal form of what the server answers. */

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

export function observedStatusPage({ slug, name, isPublic, monitors }: ServerStatusPage): ObservedStatusPage {
  const [monitor] = monitors ?? [];
  const organizationId = monitor?.organizationID ?? monitor?.organization ?? undefined;
  return { slug, name, isPublic: isPublic ?? false, ...(organizationId === undefined ? {} : { organizationId }) };
}

export const observedMember = ({ id, email, role, pending }: ServerMember): ObservedMember => ({
  id,
  email,
  role,
  pending: pending ?? false,
});
