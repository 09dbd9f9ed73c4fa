import { address, organizationPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { monitorShape } from "../wire/managed.ts";

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
