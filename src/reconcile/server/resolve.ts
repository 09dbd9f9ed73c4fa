import { CodedError } from "../../base/errors.ts";
import { Secret } from "../../base/secret.ts";
import { DOUBLE_URL } from "../../config/inside/alert-checks.ts";
import { URL_LONGEST } from "../../config/schema/inside/alert.ts";
import { normalUrl } from "../../glitchtip/wire/url.ts";
import { jiraUrl } from "./jira.ts";
import type {
  DesiredAlert,
  DesiredMonitor,
  DesiredProject,
  DesiredRecipient,
  DesiredServer,
  ProjectProblem,
  Reference,
} from "./model.ts";
import { shownUrl, textOf } from "./webhook-url.ts";

export type Resolve = (reference: Reference) => Promise<Secret>;

/**
 * The comparable form: each reference becomes its secret, URLs are as the server writes them, those of the Jira bridge
 * are put together. What does not resolve is a problem of its project, and the others go on; without the token nothing does.
 */
export async function resolveDesired(desired: DesiredServer<Reference>, resolve: Resolve): Promise<DesiredServer> {
  const { token, organizations, ...rest } = desired;
  const resolved = await Promise.all(
    organizations.map(async ({ monitors, projects, ...organization }) => ({
      ...organization,
      ...(monitors === undefined ? {} : { monitors: await Promise.all(monitors.map((one) => withUrl(one, resolve))) }),
      projects: await Promise.all(projects.map((project) => resolveProject(project, resolve))),
    })),
  );
  return {
    ...rest,
    ...(token === undefined ? {} : { token: await resolve(token) }),
    organizations: resolved,
  };
}

async function resolveProject(project: DesiredProject<Reference>, resolve: Resolve): Promise<DesiredProject> {
  const { alerts, monitors, ...rest } = project;
  const problems: ProjectProblem[] = [...(project.problems ?? [])];
  const attempt = async <T>(kind: ProjectProblem["kind"], work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof CodedError) || error.code === "GC1003") throw error;
      problems.push({ kind, what: error.message });
      return undefined;
    }
  };
  const [ownAlerts, ownMonitors] = await Promise.all([
    alerts && attempt("alert", Promise.all(alerts.map((alert) => resolveAlert(alert, resolve)))),
    monitors && attempt("monitor", Promise.all(monitors.map((monitor) => withUrl(monitor, resolve)))),
  ]);
  for (const what of urlProblems(ownAlerts ?? [])) problems.push({ kind: "alert", what });
  return {
    ...rest,
    ...(alerts === undefined ? {} : { alerts: ownAlerts ?? [] }),
    ...(monitors === undefined ? {} : { monitors: ownMonitors ?? [] }),
    ...(problems.length === 0 ? {} : { problems }),
  };
}

const resolveUrl = async (url: string | Reference, resolve: Resolve): Promise<string | Secret> =>
  typeof url === "string" ? url : resolve(url);

const withUrl = async ({ url, ...rest }: DesiredMonitor<Reference>, resolve: Resolve): Promise<DesiredMonitor> => ({
  ...rest,
  url: await resolveUrl(url, resolve),
});

async function resolveAlert(alert: DesiredAlert<Reference>, resolve: Resolve): Promise<DesiredAlert> {
  return { ...alert, recipients: await Promise.all(alert.recipients.map((one) => resolveRecipient(one, resolve))) };
}

async function resolveRecipient(
  { url, jira, zulip, ...rest }: DesiredRecipient<Reference>,
  resolve: Resolve,
): Promise<DesiredRecipient> {
  const full =
    jira === undefined
      ? await resolveUrl(url, resolve)
      : jiraUrl({
          ...jira,
          alertUrl: await resolveUrl(jira.alertUrl, resolve),
          token: jira.token && (await resolve(jira.token)),
        });
  return {
    ...rest,
    url: typeof full === "string" ? normalUrl(full) : new Secret(normalUrl(full.reveal())),
    ...(zulip === undefined ? {} : { zulip: { ...zulip, apiKey: await resolve(zulip.apiKey) } }),
  };
}

/** What can only be seen once the secrets are there. */
function urlProblems(alerts: readonly DesiredAlert[]): string[] {
  const seen = new Set<string>();
  return alerts.flatMap(({ name, recipients }) =>
    recipients.flatMap(({ url }) => {
      const text = textOf(url);
      if (text === "") return [];
      const problems: string[] = [];
      if (!/^https?:\/\//.test(text)) problems.push(`alert "${name}": ${shownUrl(url)} is no http(s) address`);
      if (text.length > URL_LONGEST) {
        problems.push(`alert "${name}": ${shownUrl(url)} has ${text.length} characters, at most ${URL_LONGEST} fit`);
      }
      if (seen.has(text)) problems.push(`${DOUBLE_URL} (alert "${name}": ${shownUrl(url)})`);
      seen.add(text);
      return problems;
    }),
  );
}
