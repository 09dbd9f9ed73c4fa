import type { World } from "../call.ts";
import type { Alert, Monitor, Organization, Project, StatusPage } from "../state.ts";

export function alertView(world: World, alert: Alert) {
  return {
    alertRecipients: alert.recipients.map(({ id, recipientType, url, tagsToAdd, config }) => ({
      id,
      recipientType,
      url,
      ...(world.has("manyRecipientTypes") ? { tagsToAdd, config } : {}),
    })),
    id: alert.id,
    name: alert.name,
    timespanMinutes: alert.timespanMinutes,
    quantity: alert.quantity,
    uptime: alert.uptime,
  };
}

export function monitorView(world: World, monitor: Monitor, organization: Organization, project: Project | undefined) {
  const last = monitor.checks.at(-1);
  const endpoint = monitor.endpointId;
  const owners = world.has("oldMonitorFields")
    ? { project: project?.id ?? null, environment: null, organization: organization.id }
    : {
        projectID: project ? String(project.id) : null,
        environmentID: null,
        organizationID: organization.id,
      };
  return {
    ...owners,
    isUp: last?.isUp ?? null,
    lastChange: last?.startCheck ?? null,
    heartbeatEndpoint: endpoint
      ? `${world.domain()}/api/0/organizations/${organization.slug}/heartbeat_check/${endpoint}/`
      : null,
    projectName: project?.name ?? null,
    envName: null,
    checks: monitor.checks.map((check) => ({ isUp: check.isUp, startCheck: check.startCheck, reason: check.reason })),
    monitorType: monitor.monitorType,
    id: monitor.id,
    endpointID: endpoint,
    created: monitor.created,
    name: monitor.name,
    url: monitor.url,
    expectedStatus: monitor.expectedStatus,
    expectedBody: monitor.expectedBody,
    interval: monitor.interval,
    timeout: monitor.timeout,
  };
}

export const statusPageView = (page: StatusPage) => ({
  isPublic: page.isPublic,
  name: page.name,
  monitors: [],
  slug: page.slug,
});
