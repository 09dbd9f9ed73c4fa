import type { DesiredAlert, DesiredProject, DesiredRecipient, ObservedAlert, ObservedRecipient } from "./model.ts";
import { textOf } from "./webhook-url.ts";

/**
 * True where a glance shows that a project's alerts are as declared, as almost all are almost always: then nothing needs
 * to be planned about them. False says nothing: the plan looks closer.
 */
export function alertsAreAsDeclared(
  { alerts = [], onlyJiraAlert, problems }: DesiredProject,
  observed: readonly ObservedAlert[],
): boolean {
  if (onlyJiraAlert || problems?.length || alerts.length !== observed.length) return false;
  // Different names and as many: each is declared once and there once.
  return new Set(observed.map(({ name }) => name)).size === observed.length && alerts.every(isIn(observed));
}

/** The server's order is that of their numbers, and so mostly that of the declaration. */
const isIn = (observed: readonly ObservedAlert[]) => (wanted: DesiredAlert, at: number) => {
  const found = observed[at]?.name === wanted.name ? observed[at] : observed.find(({ name }) => name === wanted.name);
  return (
    found !== undefined &&
    found.timespanMinutes === wanted.timespanMinutes &&
    found.quantity === wanted.quantity &&
    found.uptime === wanted.uptime &&
    areSame(wanted.recipients, found.recipients)
  );
};

function areSame(wanted: readonly DesiredRecipient[], found: readonly ObservedRecipient[]): boolean {
  if (wanted.length !== found.length) return false;
  if (wanted.every((one, at) => isSame(one, found[at]))) return true;
  const left = new Set(found);
  return wanted.every((one) => {
    for (const other of left) if (isSame(one, other)) return left.delete(other);
    return false;
  });
}

const isSame = (
  { type, url, tagsToAdd, zulip, jira }: DesiredRecipient,
  found: ObservedRecipient | undefined,
): boolean =>
  found !== undefined &&
  found.type === type &&
  found.url === textOf(url) &&
  zulip === undefined &&
  jira === undefined &&
  tagsToAdd === undefined;
