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
  return new Set(observed.map(({ name }) => name)).size === observed.length && alerts.every(hasSameIn(observed));
}

const hasSameIn = (observed: readonly ObservedAlert[]) => (wanted: DesiredAlert) => {
  const found = observed.find(({ name }) => name === wanted.name);
  return (
    found !== undefined &&
    found.timespanMinutes === wanted.timespanMinutes &&
    found.quantity === wanted.quantity &&
    found.uptime === wanted.uptime &&
    found.recipients.length === wanted.recipients.length &&
    areSame(wanted.recipients, found.recipients)
  );
};

function areSame(wanted: readonly DesiredRecipient[], found: readonly ObservedRecipient[]): boolean {
  const left = new Set(found);
  return wanted.every(({ type, url, tagsToAdd, zulip, jira }) => {
    if (zulip !== undefined || jira !== undefined || tagsToAdd !== undefined) return false;
    const text = textOf(url);
    for (const one of left) if (one.type === type && one.url === text) return left.delete(one);
    return false;
  });
}
