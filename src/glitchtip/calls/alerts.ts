import * as z from "zod/mini";
import { address, projectPath } from "../address.ts";
import { readAnswer, refuse } from "../answers.ts";
import type { Requests } from "../requests.ts";
import { alertShape } from "../wire/alert.ts";

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
