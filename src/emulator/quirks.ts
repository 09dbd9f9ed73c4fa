import { type Generation, isInRange } from "../glitchtip/versions.ts";

export interface Quirk {
  readonly about: string;
  /**
   * The scenario and step of test/contract/recordings that prove it; "read" if it was only read in the source, "run" if it
   * was seen on a running server and not recorded.
   */
  readonly proof: string;
  /** The first generation that has it. Default: the oldest. */
  readonly since?: Generation;
  /** The last generation that has it. Default: the newest. */
  readonly until?: Generation;
}

/** What differs between generations. Oddities that all share are commented on where they are built. */
export const QUIRKS = {
  numericIds: {
    about: "ids of organizations, and of teams within projects, are numbers; no access list, no throttle rate",
    proof: "organizations: create",
    until: "4.1",
  },
  emptyOptions: {
    about: "a user's options are {}",
    proof: "readiness: api root with a token",
    until: "4.1",
  },
  listHidesOwner: {
    about: "lists of members lack isOwner",
    proof: "members: list",
    until: "4.1",
  },
  oldConfig: {
    about: "the sign-in configuration has no login_methods",
    proof: "sign-in: config sets the csrf cookie",
    until: "4.1",
  },
  noLoginLimit: {
    about: "failed sign-ins are not counted",
    proof: "sign-in: right password while limited",
    until: "4.1",
  },
  renameChangesSlug: {
    about: "PUT of a project without a slug makes a new one from the name",
    proof: "projects: update name keeps the slug",
    until: "4.1",
  },
  deletesProjectsAtOnce: {
    about: "a deleted project is removed at once and its slug is free (5.2: a worker removes it)",
    proof: "projects: create the deleted slug again at once",
    until: "5.1",
  },
  putClearsAlertNumbers: {
    about: "PUT of an alert sets numbers that are left out to null",
    proof: "alerts: update only the name",
    until: "4.1",
  },
  acceptsAnyMonitorType: {
    about: "an unknown type of monitor is stored and answered",
    proof: "monitors: unknown type",
    until: "4.1",
  },
  oldMonitorFields: {
    about: "monitors have the fields project, environment and organization",
    proof: "monitors: create a ping",
    until: "4.1",
  },
  ingestThroughApi: {
    about:
      "envelopes go through the API framework: 401 and 422, charset, id null; they are lines of JSON without lengths (read)",
    proof: "ingest: unknown key",
    until: "4.1",
  },
  headerNamesEvents: {
    about: "an event has the id of its envelope's header, or a random one; later its own id comes first",
    proof: "read",
    until: "4.1",
  },
  noBrotli: {
    about: "a body with content-encoding br is not decompressed",
    proof: "read",
    until: "4.1",
  },
  crashesOnBrokenBody: {
    about: "broken compression answers 500; later it ends the body where it breaks",
    proof: "read",
    until: "4.1",
  },
  timeOfEventMatters: {
    about: "an event with an invalid timestamp is refused or ignored; later it gets the time of its arrival",
    proof: "read",
    until: "5.1",
  },
  emptyItemEndsEnvelope: {
    about: "an item of length 0 ends an uncompressed envelope, because read(0) of uWSGI returns everything",
    proof: "read",
    since: "5.1",
    until: "5.2",
  },
  newItemTypes: {
    about: "feedback, otel_log, profile_chunk and replay_video are known item types, which do not end the envelope",
    proof: "read",
    since: "6",
  },
  readsBodyFirst: {
    about: "a compressed body over the limit answers 413, and nothing of it is kept",
    proof: "read",
    since: "6",
  },
  emptyShortId: {
    about: "issues have an empty shortId",
    proof: "ingest: issues of the project, once the worker is done",
    until: "4.1",
  },
  emptyEventUser: {
    about: "an event from an envelope has user {}, and events have no sdk",
    proof: "ingest: events of the project",
    until: "4.1",
  },
  noFirstEvent: {
    about: "firstEvent of a project stays null",
    proof: "ingest: project after its first event",
    until: "5.1",
  },
  noEventErrors: {
    about: "events have no errors field",
    proof: "ingest: event by its id",
    until: "5.1",
  },
  noPermalink: {
    about: 'permalink of an issue is "Not implemented"',
    proof: "ingest: issues of the project, once the worker is done",
    until: "5.1",
  },
  noIssuePut: {
    about: "an issue can be changed by the path below its organization only",
    proof: "read",
    until: "4.1",
  },
  socialCallbacksSetting: {
    about: "settings have useNewSocialCallbacks and no instance name",
    proof: "readiness: settings",
    until: "4.1",
  },
  socialRegistrationSetting: {
    about: "settings have enableSocialAppsUserRegistration",
    proof: "readiness: settings",
    since: "5.2",
  },
  apiRootEndsSession: {
    about: "GET /api/0/ with cookies ends the session",
    proof: "sign-in: api root, signed in",
    since: "5.2",
    until: "5.2",
  },
  manyRecipientTypes: {
    about: "teams, ntfy, zulip and feishu are types of recipients; tagsToAdd is part of the answer",
    proof: "read",
    since: "6",
  },
  blocksOneKey: {
    about: "a wrong key blocks that key only, not the project",
    proof: "read",
    since: "6",
  },
  testsAlerts: {
    about: "an alert can be tested",
    proof: "read",
    since: "6",
  },
  refusesPrivateAddresses: {
    about: "alerts and monitors to private addresses are refused",
    proof: "read",
    since: "6",
  },
  jsonNotFound: {
    about: "unknown paths below /api/0/ answer 404 in JSON",
    proof: "read",
    since: "6",
  },
  masksTokens: {
    about: "the list of tokens masks them",
    proof: "read",
    since: "6",
  },
  softDeletesOrganizations: {
    about: "a deleted organization keeps its slug until a worker removes it",
    proof: "read",
    since: "6",
  },
  secureBehindTls: {
    about: "an https domain makes cookies Secure and is a trusted Origin",
    proof: "read",
    since: "6",
  },
  inviteLink: {
    about: "the answer to an invitation has its link",
    proof: "read",
    since: "6",
  },
  confirmsMonitors: {
    about: "a monitor has a confirmationThreshold, which a PUT that leaves it out sets to 1",
    proof: "read",
    since: "6",
  },
  answersUnread: {
    about: "a large request that its method, path or credentials refuse is answered unread, and the connection ends",
    proof: "run",
    until: "5.2",
  },
  pythonEventNames: {
    about: "the events of an issue have Python's field names, such as event_id instead of eventID",
    proof: "issue-events: events of the issue",
    until: "5.2",
  },
  requiresInterval: {
    about: "the interval of a monitor is required",
    proof: "read",
    since: "6",
  },
} as const satisfies Record<string, Quirk>;

export type QuirkName = keyof typeof QUIRKS;

export function hasQuirk(generation: Generation, name: QuirkName): boolean {
  return isInRange(generation, QUIRKS[name] as Quirk);
}
