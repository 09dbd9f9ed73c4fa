import { isObject } from "../body.ts";
import type { World } from "../call.ts";
import { describe } from "../event-facts.ts";
import type { Issue, Project, State, StoredEvent } from "../state.ts";

type Payload = Readonly<Record<string, unknown>>;

export function issueView(world: World, project: Project, issue: Issue, matchingEventId: string | null = null) {
  return {
    id: String(issue.id),
    count: String(issue.count),
    type: issue.type,
    level: issue.level,
    status: issue.status,
    project: { id: String(project.id), platform: project.platform, slug: project.slug, name: project.name },
    shortId: world.has("emptyShortId") ? "" : `${project.slug.toUpperCase()}-${base32(issue.shortId)}`,
    numComments: 0,
    stats: { "24h": [] },
    shareId: null,
    logger: null,
    permalink: world.has("noPermalink") ? "Not implemented" : `${world.domain()}/${project.slug}/issues/${issue.id}`,
    statusDetails: {},
    subscriptionDetails: null,
    userCount: 0,
    matchingEventId,
    firstSeen: issue.firstSeen,
    lastSeen: issue.lastSeen,
    title: issue.title,
    metadata: issue.metadata,
    culprit: issue.culprit,
  };
}

const base32 = (value: number): string => value.toString(32).toUpperCase();

export const issueDetailView = (world: World, project: Project, issue: Issue) => ({
  ...issueView(world, project, issue),
  userReportCount: 0,
});

/** A written issue is answered by its field names, not by the API's (read: the route lacks by_alias). */
export function changedIssueView(world: World, project: Project, issue: Issue) {
  const { shareId, statusDetails, subscriptionDetails, userCount, matchingEventId, ...rest } = issueDetailView(
    world,
    project,
    issue,
  );
  return {
    ...rest,
    share_id: shareId,
    status_details: statusDetails,
    subscription_details: subscriptionDetails,
    user_count: userCount,
    matching_event_id: matchingEventId,
  };
}

export function eventView(world: World, event: StoredEvent) {
  const { payload } = event;
  // Its own, not its issue's: events of one fingerprint have titles of their own (GlitchTip's model IssueEvent).
  const { type, title, culprit, metadata, tags } = describe(payload);
  return {
    platform: payload.platform ?? null,
    ...(world.has("noEventErrors") ? {} : { errors: null }),
    id: event.eventId,
    eventID: event.eventId,
    projectID: event.projectId,
    groupID: String(event.issueId),
    dateCreated: new Date(sentMs(payload.timestamp) ?? event.receivedMs).toISOString(),
    dateReceived: new Date(event.receivedMs).toISOString(),
    dist: payload.dist ?? null,
    culprit,
    packages: payload.modules ?? null,
    type,
    message: title,
    metadata: type === "error" ? metadata : { title },
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    entries: entries(payload, title),
    contexts: payload.contexts ?? null,
    context: payload.extra ?? null,
    user: payload.user ?? (world.has("emptyEventUser") && event.viaEnvelope ? {} : null),
    ...(world.has("emptyEventUser") ? {} : { sdk: payload.sdk ?? null }),
    title,
  };
}

/** Seconds or ISO 8601, as SDKs choose. */
function sentMs(timestamp: unknown): number | undefined {
  const ms = Number(timestamp) > 0 ? Number(timestamp) * 1000 : Date.parse(String(timestamp));
  return Number.isNaN(ms) ? undefined : ms;
}

export function eventDetailView(world: World, state: State, event: StoredEvent) {
  const siblings = state.events.where("project", event.projectId);
  const at = siblings.findIndex((row) => row.id === event.id);
  return {
    ...eventView(world, event),
    userReport: null,
    nextEventID: siblings[at + 1]?.eventId ?? null,
    previousEventID: siblings[at - 1]?.eventId ?? null,
  };
}

function entries(payload: Payload, title: string): unknown[] {
  const found: unknown[] = [];
  if (payload.exception) found.push({ type: "exception", data: wrapped(payload.exception) });
  if (payload.breadcrumbs) found.push({ type: "breadcrumbs", data: wrapped(payload.breadcrumbs) });
  if (payload.message ?? payload.logentry) found.push({ type: "message", data: { formatted: title } });
  if (payload.request) found.push({ type: "request", data: payload.request });
  return found;
}

const wrapped = (value: unknown): unknown => (isObject(value) && "values" in value ? value : { values: value });
