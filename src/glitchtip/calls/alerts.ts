import * as z from "zod/mini";
import { address, organizationPath, projectPath } from "../address.ts";
import { readAnswer, refuse } from "../answers.ts";
import type { Requests } from "../requests.ts";
import { alertShape } from "../wire/alert.ts";
import { monitorShape, statusPageShape } from "../wire/managed.ts";

interface ZulipInput {
  readonly botEmail: string;
  readonly apiKey: string;
  readonly channel: string;
  readonly topic: string;
}

/** Fields that a PUT sends back as they were read (unmanaged.ts). */
type SentBack = Readonly<Record<string, unknown>>;

/** Zulip's fields are beside the type here; the answer has them in `config`, with underscores (read in 6). */
export interface RecipientInput extends Partial<ZulipInput>, SentBack {
  readonly recipientType: string;
  readonly url?: string;
  readonly tagsToAdd?: readonly string[] | undefined;
}

/** The complete alert: a PUT removes recipients that are missing, in 4.1 also the numbers (alerts scenario). */
export interface AlertInput extends SentBack {
  readonly name: string;
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly alertRecipients: readonly RecipientInput[];
}

/** The result of a test for one recipient; e-mails are `skipped` (read in 6). */
const testedShape = z.object({ recipientType: z.string(), status: z.string(), message: z.nullish(z.string()) });
export type TestedRecipient = z.infer<typeof testedShape>;

const alertsPath = (organization: string, project: string) => `${projectPath(organization, project)}alerts/`;

export const alertCalls = (requests: Requests) => ({
  /** Returns an empty list for an unknown project (alerts scenario). */
  list: (organization: string, project: string) => requests.list(alertsPath(organization, project), alertShape),
  /** A 500 may leave an alert without recipients, which mails the whole team (alerts scenario). */
  create: (organization: string, project: string, alert: AlertInput) =>
    requests.post(alertsPath(organization, project), alert, alertShape),
  update: (organization: string, project: string, id: string, alert: AlertInput) =>
    requests.put(`${alertsPath(organization, project)}${address(id)}/`, alert, alertShape, { idempotent: true }),
  delete: (organization: string, project: string, id: string) =>
    requests.delete(`${alertsPath(organization, project)}${address(id)}/`),
  /** Sends a test to the recipients of an alert and returns the results. Available from 6 on (read). */
  async test(organization: string, project: string, id: string): Promise<TestedRecipient[]> {
    const path = `${alertsPath(organization, project)}${address(id)}/test/`;
    const answer = await requests.raw("POST", path, "{}");
    refuse("POST", requests.baseUrl + path, answer);
    // An unknown path is answered with the web page and 200 (readiness scenario).
    return readAnswer("POST", requests.baseUrl + path, answer, z.array(testedShape));
  },
});

/** The fields that any generation requires (monitors scenario; the interval in 6). */
export interface MonitorInput extends SentBack {
  readonly monitorType: string;
  readonly name: string;
  readonly url: string;
  readonly expectedStatus: number | null;
  readonly expectedBody: string;
  readonly interval: number;
  readonly timeout: number | null;
  /** Known from 6 on. A PUT without it sets it to 1 (read). */
  readonly confirmationThreshold?: number;
  /** The id of the project; the server ignores one that does not exist (monitors scenario). */
  readonly project: string | null;
}

const monitorsPath = (organization: string) => `${organizationPath(organization)}monitors/`;

export const monitorCalls = (requests: Requests) => ({
  /** Lists the monitors of an organization, with and without a project. */
  list: (organization: string) => requests.list(monitorsPath(organization), monitorShape),
  /** For an unknown type 5.x answers 500 and keeps a row that breaks the list (monitors scenario). */
  create: (organization: string, monitor: MonitorInput) =>
    requests.post(monitorsPath(organization), monitor, monitorShape),
  get: (organization: string, id: string) => requests.get(`${monitorsPath(organization)}${address(id)}/`, monitorShape),
  update: (organization: string, id: string, monitor: MonitorInput) =>
    requests.put(`${monitorsPath(organization)}${address(id)}/`, monitor, monitorShape, { idempotent: true }),
  delete: (organization: string, id: string) => requests.delete(`${monitorsPath(organization)}${address(id)}/`),
});

const pagesPath = (organization: string) => `${organizationPath(organization)}status-pages/`;

/** The API can only list and create status pages (monitors scenario). */
export const statusPageCalls = (requests: Requests) => ({
  /** Returns the pages of all organizations of the account, whatever the path says (read). */
  list: (organization: string) => requests.list(pagesPath(organization), statusPageShape),
  create: (organization: string, page: { readonly name: string; readonly isPublic: boolean }) =>
    requests.post(pagesPath(organization), page, statusPageShape),
});
