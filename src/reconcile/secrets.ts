import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import type { DesiredAlert, DesiredMonitor, Reference } from "./model.ts";

export type Resolve = (reference: Reference) => Promise<Secret>;

/** By reference and place; what cannot be read stands for itself. */
export type Found = ReadonlyMap<Reference, Secret | CodedError>;

export async function readAll(references: readonly Reference[], resolve: Resolve): Promise<Found> {
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

export function secretOf(reference: Reference, found: Found): Secret {
  const secret = found.get(reference);
  if (secret instanceof Secret) return secret;
  throw new CodedError("GC1901", `${reference.key} was not read`);
}

export const urlOf = (url: string | Reference, found: Found): string | Secret =>
  typeof url === "string" ? url : secretOf(url, found);
