import { GENERATIONS, type Generation } from "../glitchtip/versions.ts";

export interface Quirk {
  readonly about: string;
  /** Scenario (and step) of test/contract/recordings that shows it; "read" = seen in sources only. */
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
    about: "a deleted project is gone at once and its slug is free (5.2: a worker removes it)",
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
    about: "monitors say project, environment, organization",
    proof: "monitors: create a ping",
    until: "4.1",
  },
  ingestThroughApi: {
    about:
      "envelopes go through the API framework: 401 and 422, charset, id null; they are lines of JSON, lengths count for nothing (read)",
    proof: "ingest: unknown key",
    until: "4.1",
  },
  headerNamesEvents: {
    about: "each event of an envelope has the id of its header, or a random one; later its own comes first",
    proof: "read",
    until: "4.1",
  },
  noBrotli: {
    about: "content-encoding br is not undone",
    proof: "read",
    until: "4.1",
  },
  crashesOnBrokenBody: {
    about: "broken compression is a 500; later it ends the body where it breaks",
    proof: "read",
    until: "4.1",
  },
  timeOfEventMatters: {
    about: "an event whose timestamp is none is refused or passed over; later it gets the time of its arrival",
    proof: "read",
    until: "5.1",
  },
  emptyItemEndsEnvelope: {
    about: "after an item of length 0 nothing of an uncompressed envelope is read: read(0) of uWSGI takes all",
    proof: "read",
    since: "5.1",
    until: "5.2",
  },
  newItemTypes: {
    about: "feedback, otel_log, profile_chunk and replay_video are known items, which end no envelope",
    proof: "read",
    since: "6",
  },
  readsBodyFirst: {
    about: "a compressed body over the limit is a 413 before anything of it is kept",
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
    about: "an issue is changed below its organization only",
    proof: "read",
    until: "4.1",
  },
  socialCallbacksSetting: {
    about: "settings say useNewSocialCallbacks and no instance name",
    proof: "readiness: settings",
    until: "4.1",
  },
  socialRegistrationSetting: {
    about: "settings say enableSocialAppsUserRegistration",
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
    about: "teams, ntfy, zulip and feishu are types of recipients, tagsToAdd is echoed",
    proof: "read",
    since: "6",
  },
  blocksOneKey: {
    about: "a wrong key blocks that key and not the project",
    proof: "read",
    since: "6",
  },
  testsAlerts: {
    about: "an alert can be tested through its recipients",
    proof: "read",
    since: "6",
  },
  refusesPrivateAddresses: {
    about: "alerts and monitors to private addresses are refused",
    proof: "read",
    since: "6",
  },
  jsonNotFound: {
    about: "unknown paths below /api/0/ are a JSON 404",
    proof: "read",
    since: "6",
  },
  masksTokens: {
    about: "the list of tokens does not show them",
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
    about: "an invitation answers its link",
    proof: "read",
    since: "6",
  },
  requiresInterval: {
    about: "a monitor needs its interval",
    proof: "read",
    since: "6",
  },
} as const satisfies Record<string, Quirk>;

export type QuirkName = keyof typeof QUIRKS;

export function hasQuirk(generation: Generation, name: QuirkName): boolean {
  const { since = generation, until = generation }: Quirk = QUIRKS[name];
  const at = GENERATIONS.indexOf(generation);
  return GENERATIONS.indexOf(since) <= at && at <= GENERATIONS.indexOf(until);
}
