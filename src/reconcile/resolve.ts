import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { DOUBLE_URL } from "../config/contents-checks.ts";
import { URL_LONGEST } from "../config/schema/alerts.ts";
import { normalUrl } from "../glitchtip/wire/url.ts";
import type {
  DesiredAlert,
  DesiredMonitor,
  DesiredProject,
  DesiredRecipient,
  DesiredServer,
  ProjectProblem,
  Reference,
} from "./desired.ts";
import { jiraUrl } from "./jira.ts";
import { clearText, maskedUrl } from "./recipients.ts";

/**
 * Returns the form that can be compared with what the server has: references become secrets, URLs are written as the
 * server writes them, and URLs of the Jira bridge are put together. A reference that does not resolve is a problem of its
 * project; only that of the token throws.
 */
export async function resolveDesired(desired: DesiredServer<Reference>, resolve: Resolve): Promise<DesiredServer> {
  const { token, organizations, ...rest } = desired;
  const found = await readAll(
    organizations.flatMap(({ monitors = [], projects }) => [
      ...monitors.flatMap(inMonitor),
      ...projects.flatMap((project) => [
        ...(project.alerts ?? []).flatMap(inAlert),
        ...(project.monitors ?? []).flatMap(inMonitor),
      ]),
    ]),
    resolve,
  );
  return {
    ...rest,
    ...defined({ token: token && (await resolve(token)) }),
    organizations: organizations.map((organization) => {
      const { list, problems } = whole("monitor", organization.monitors, inMonitor, resolveMonitor, found);
      const projects = organization.projects.map((project) => resolveProject(project, found));
      return { ...organization, monitors: list, projects, ...(problems.length === 0 ? {} : { problems }) };
    }),
  };
}

interface Resolved<R> {
  readonly list: readonly R[] | undefined;
  readonly problems: readonly ProjectProblem[];
}

/** Returns a list with its secrets, or the problems that keep it from being planned. */
function whole<T, R>(
  kind: ProjectProblem["kind"],
  list: readonly T[] | undefined,
  referencesIn: (one: T) => readonly Reference[],
  resolved: (one: T, found: ReadSecrets) => R,
  found: ReadSecrets,
): Resolved<R> {
  const problems = (list ?? []).flatMap(referencesIn).flatMap((reference) => {
    const secret = found.get(reference);
    return secret instanceof CodedError ? [{ kind, what: secret.message }] : [];
  });
  if (problems.length > 0) return { list: [], problems };
  return { list: list?.map((one) => resolved(one, found)), problems };
}

function resolveProject(project: DesiredProject<Reference>, found: ReadSecrets): DesiredProject {
  const alerts = whole("alert", project.alerts, inAlert, resolveAlert, found);
  const monitors = whole("monitor", project.monitors, inMonitor, resolveMonitor, found);
  const problems = [
    ...(project.problems ?? []),
    ...alerts.problems,
    ...monitors.problems,
    ...urlProblems(alerts.list ?? []).map((what) => ({ kind: "alert" as const, what })),
  ];
  return { ...project, alerts: alerts.list, monitors: monitors.list, ...(problems.length === 0 ? {} : { problems }) };
}

const resolveMonitor = (monitor: DesiredMonitor<Reference>, found: ReadSecrets): DesiredMonitor => ({
  ...monitor,
  url: urlOf(monitor.url, found),
});

const resolveAlert = (alert: DesiredAlert<Reference>, found: ReadSecrets): DesiredAlert => ({
  ...alert,
  recipients: alert.recipients.map((recipient) => resolveRecipient(recipient, found)),
});

function resolveRecipient(
  { url, jira, zulip, ...rest }: DesiredRecipient<Reference>,
  found: ReadSecrets,
): DesiredRecipient {
  const full =
    jira === undefined
      ? urlOf(url, found)
      : jiraUrl({ ...jira, alertUrl: urlOf(jira.alertUrl, found), token: jira.token && secretOf(jira.token, found) });
  return {
    ...rest,
    url: typeof full === "string" ? normalUrl(full) : new Secret(normalUrl(full.reveal())),
    ...defined({ zulip: zulip && { ...zulip, apiKey: secretOf(zulip.apiKey, found) } }),
  };
}

/** Returns the problems that only show once the secrets are read. */
function urlProblems(alerts: readonly DesiredAlert[]): string[] {
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const { name, recipients } of alerts) {
    for (const { url } of recipients) {
      const text = clearText(url);
      if (text === "") continue;
      if (!/^https?:\/\//.test(text)) problems.push(`alert "${name}": ${maskedUrl(url)} is no http(s) address`);
      if (text.length > URL_LONGEST) {
        problems.push(`alert "${name}": ${maskedUrl(url)} has ${text.length} characters, at most ${URL_LONGEST} fit`);
      }
      if (seen.has(text)) problems.push(`${DOUBLE_URL} (alert "${name}": ${maskedUrl(url)})`);
      seen.add(text);
    }
  }
  return problems;
}

export type Resolve = (reference: Reference) => Promise<Secret>;

/** What each reference resolved to; an error where it could not be read. */
type ReadSecrets = ReadonlyMap<Reference, Secret | CodedError>;

export async function readAll(references: readonly Reference[], resolve: Resolve): Promise<ReadSecrets> {
  const read = async (reference: Reference): Promise<Secret | CodedError> => {
    try {
      return await resolve(reference);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code === "GC1003") throw error;
      return error;
    }
  };
  return new Map(await Promise.all(references.map(async (reference) => [reference, await read(reference)] as const)));
}

const asReference = (value: string | Reference | undefined): Reference[] =>
  value === undefined || typeof value === "string" ? [] : [value];

export const inMonitor = ({ url }: DesiredMonitor<Reference>): Reference[] => asReference(url);

export const inAlert = (alert: DesiredAlert<Reference>): readonly Reference[] =>
  alert.recipients.flatMap(({ url, jira, zulip }) =>
    [url, jira?.alertUrl, jira?.token, zulip?.apiKey].flatMap(asReference),
  );

export function secretOf(reference: Reference, found: ReadSecrets): Secret {
  const secret = found.get(reference);
  if (secret instanceof Secret) return secret;
  throw new CodedError("GC1901", `${reference.key} was not read`);
}

export const urlOf = (url: string | Reference, found: ReadSecrets): string | Secret =>
  typeof url === "string" ? url : secretOf(url, found);
