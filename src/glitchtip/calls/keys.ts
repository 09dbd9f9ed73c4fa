import { address, projectPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { managedKeyShape } from "../wire/managed.ts";

export interface KeyInput {
  /** Without a name the server fails with 500 (keys scenario). */
  readonly name: string;
  /** Seconds, and how many events in them. */
  readonly rateLimit?: { readonly window: number; readonly count: number } | null | undefined;
}

const keysPath = (organization: string, project: string) => `${projectPath(organization, project)}keys/`;

export const keyCalls = (requests: Requests) => ({
  list: (organization: string, project: string) => requests.list(keysPath(organization, project), managedKeyShape),
  create: (organization: string, project: string, input: KeyInput) =>
    requests.post(keysPath(organization, project), input, managedKeyShape),
  /** Up to 5.2 the answer is 200 and nothing changes (keys scenario): what is wanted has to be in the answer. */
  update: (organization: string, project: string, id: string, input: KeyInput) =>
    requests.put(`${keysPath(organization, project)}${address(id)}/`, input, managedKeyShape, { harmless: true }),
  /** At once; one that is gone already is no error. */
  delete: (organization: string, project: string, id: string) =>
    requests.delete(`${keysPath(organization, project)}${address(id)}/`),
});
