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

/** Zulip's fields stand beside the type here and in `config`, with underscores, in the answer (read in 6). */
export interface RecipientInput extends Partial<ZulipInput> {
  readonly recipientType: string;
  readonly url?: string;
  readonly tagsToAdd?: readonly string[] | undefined;
}

/** The whole wanted state: a PUT removes recipients that are left out, 4.1 also the numbers (alerts scenario). */
export interface AlertInput {
  readonly name: string;
  readonly timespanMinutes: number | null;
  readonly quantity: number | null;
  readonly uptime: boolean;
  readonly alertRecipients: readonly RecipientInput[];
}

/** What became of a test at one recipient; e-mails are `skipped` (read in 6). */
const testedShape = z.object({ recipientType: z.string(), status: z.string(), message: z.nullish(z.string()) });
export type TestedRecipient = z.infer<typeof testedShape>;

const alertsPath = (organization: string, project: string) => `${projectPath(organization, project)}alerts/`;

export const alertCalls = (requests: Requests) => ({
  /** Of an unknown project: an empty list (alerts scenario). */
  list: (organization: string, project: string) => requests.list(alertsPath(organization, project), alertShape),
  /** A 500 may leave an alert without recipients, which mails the whole team (alerts scenario). */
  create: (organization: string, project: string, alert: AlertInput) =>
    requests.post(alertsPath(organization, project), alert, alertShape),
  update: (organization: string, project: string, id: string, alert: AlertInput) =>
    requests.put(`${alertsPath(organization, project)}${address(id)}/`, alert, alertShape, { harmless: true }),
  delete: (organization: string, project: string, id: string) =>
    requests.delete(`${alertsPath(organization, project)}${address(id)}/`),
  /** Sends a test through the alert's recipients, and says what became of each; from 6 on (read). */
  async test(organization: string, project: string, id: string): Promise<TestedRecipient[]> {
    const path = `${alertsPath(organization, project)}${address(id)}/test/`;
    const answer = await requests.raw("POST", path, "{}");
    refuse("POST", requests.baseUrl + path, answer);
    // Where the address is not known the web page answers, with 200 (readiness scenario).
    return readAnswer("POST", requests.baseUrl + path, answer, z.array(testedShape));
  },
});

/** All fields that any generation requires (monitors scenario; the interval in 6). */
export interface MonitorInput {
  readonly monitorType: string;
  readonly name: string;
  readonly url: string;
  readonly expectedStatus: number | null;
  readonly expectedBody: string;
  readonly interval: number;
  readonly timeout: number | null;
  /** The project's id; one that does not exist is dropped without a word (monitors scenario). */
  readonly project: string | null;
}

const monitorsPath = (organization: string) => `${organizationPath(organization)}monitors/`;

export const monitorCalls = (requests: Requests) => ({
  /** Of the organization: those of its projects and those of none. */
  list: (organization: string) => requests.list(monitorsPath(organization), monitorShape),
  /** An unknown type is a 500 that leaves a row which breaks the list (5.x, monitors scenario). */
  create: (organization: string, monitor: MonitorInput) =>
    requests.post(monitorsPath(organization), monitor, monitorShape),
  get: (organization: string, id: string) => requests.get(`${monitorsPath(organization)}${address(id)}/`, monitorShape),
  update: (organization: string, id: string, monitor: MonitorInput) =>
    requests.put(`${monitorsPath(organization)}${address(id)}/`, monitor, monitorShape, { harmless: true }),
  delete: (organization: string, id: string) => requests.delete(`${monitorsPath(organization)}${address(id)}/`),
});

const pagesPath = (organization: string) => `${organizationPath(organization)}status-pages/`;

/** The API lists and creates only (monitors scenario). */
export const statusPageCalls = (requests: Requests) => ({
  /** Those of every organization of the account, whatever the address says (read). */
  list: (organization: string) => requests.list(pagesPath(organization), statusPageShape),
  create: (organization: string, page: { readonly name: string; readonly isPublic: boolean }) =>
    requests.post(pagesPath(organization), page, statusPageShape),
});
