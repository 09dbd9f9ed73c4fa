import { defined } from "../base/defined.ts";
import { Secret } from "../base/secret.ts";
import { normalUrl } from "../glitchtip/wire/url.ts";
import { changesOf } from "./action.ts";
import type { DesiredMonitor, DesiredProject, DesiredStatusPage } from "./desired.ts";
import type { Draft, PlanPlace } from "./draft.ts";
import { NAMED, pairByName } from "./matching.ts";
import type { ObservedMonitor, ObservedStatusPage } from "./observed.ts";
import { clearText, isPrivateUrl, maskedUrl } from "./recipients.ts";

/** Plans the monitors of one project, or those of no project. */
export function planMonitors(
  draft: Draft,
  place: PlanPlace,
  desired: readonly DesiredMonitor[],
  observed: readonly ObservedMonitor[],
): void {
  const { pairs, others } = pairByName(desired, observed, {
    ...NAMED,
    rank: (wanted, found) => differences(wanted, found).length,
  });
  for (const { desired: wanted, observed: found, doubles } of pairs) {
    planMonitor(draft, place, wanted, found);
    for (const double of doubles) {
      const note = `number ${double.id} has the name of another monitor; number ${found?.id} is kept`;
      draft.surplus("monitor", place, double, { note });
    }
  }
  for (const other of others) draft.surplus("monitor", place, other);
}

/**
 * Returns, by project, the monitors that a deleted project left behind: of no project, not declared for the organization,
 * and of name, type and address of a monitor of a project that is to be made.
 */
export function orphanedMonitors(
  projects: readonly DesiredProject[],
  declared: readonly DesiredMonitor[],
  observed: readonly ObservedMonitor[],
): ReadonlyMap<string, readonly ObservedMonitor[]> {
  const left = new Set(
    observed.filter(({ name, projectId }) => projectId === null && !declared.some((one) => one.name === name)),
  );
  const take = (wanted: DesiredMonitor): ObservedMonitor[] => {
    for (const one of left) {
      const isSame = one.name === wanted.name && one.type === wanted.type;
      if (!isSame || comparable(one.type, one.url) !== comparable(wanted.type, clearText(wanted.url))) continue;
      left.delete(one);
      return [one];
    }
    return [];
  };
  return new Map(projects.map(({ key, monitors = [] }) => [key, monitors.flatMap(take)]));
}

function planMonitor(draft: Draft, place: PlanPlace, wanted: DesiredMonitor, found: ObservedMonitor | undefined): void {
  // A project that was deleted leaves its monitors behind, without a project.
  const isOrphan = found?.projectId === null && place.project !== undefined;
  const moved = isOrphan ? [{ field: "project", from: null, to: place.project }] : [];
  const changes = [...moved, ...differences(wanted, found)];
  if (changes.length === 0) return;
  const { generation, refusesPrivateAddresses, confirmsMonitors } = draft.capabilities;
  if (wanted.confirmationThreshold !== undefined && !confirmsMonitors) {
    draft.fail(place, `monitor "${wanted.name}": GlitchTip ${generation} knows no confirmationThreshold`);
    return;
  }
  const url = clearText(wanted.url);
  const refused = refusesPrivateAddresses && !draft.server.allowPrivateAddresses && isPrivateUrl(httpUrl(url));
  if (refused && found?.url !== url && url !== "") {
    draft.fail(
      place,
      `monitor "${wanted.name}": ${maskedUrl(wanted.url)} is a private address, which GlitchTip ${generation} refuses unless it runs with GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS=true; where it does, declare allowPrivateAddresses: true`,
    );
    return;
  }
  const head = {
    kind: "monitor",
    name: wanted.name,
    changes,
  } as const;
  if (found === undefined) draft.act(place, { ...head, type: "create", desired: wanted });
  else draft.act(place, { ...head, type: "update", id: found.id, desired: { ...undeclared(found), ...wanted } });
}

/** Returns what a declaration may leave out, as the server has it. */
const undeclared = ({ confirmationThreshold, unmanaged }: ObservedMonitor) =>
  defined({ confirmationThreshold, unmanaged });

/** The URL of a TCP monitor is host:port. */
const httpUrl = (url: string): string => (url.includes("://") ? url : `http://${url}`);

function differences(wanted: DesiredMonitor, found: ObservedMonitor | undefined) {
  const { type, intervalSeconds, timeoutSeconds, expectedStatus, expectedBody, confirmationThreshold } = wanted;
  const declared = { type, intervalSeconds, timeoutSeconds, expectedStatus, expectedBody };
  const fields = { ...declared, ...defined({ confirmationThreshold }) };
  const url = { field: "url", to: maskedUrl(wanted.url) };
  if (found === undefined) return [...changesOf(undefined, fields), ...(wanted.url === "" ? [] : [url])];
  const changes = changesOf({ ...fields, ...likeIn(found, fields) }, fields);
  if (comparable(type, clearText(wanted.url)) === comparable(found.type, found.url)) return changes;
  const from = maskedUrl(typeof wanted.url === "string" ? found.url : new Secret(found.url));
  return [...changes, { ...url, from, ...(from === url.to ? { to: `${url.to} (another secret)` } : {}) }];
}

const likeIn = (found: ObservedMonitor, fields: object) =>
  Object.fromEntries(Object.keys(fields).map((field) => [field, found[field as keyof typeof found]]));

/** The server stores a URL as it was sent, but only host and port of a TCP monitor (monitors scenario, "TCP port"). */
const comparable = (type: string, url: string): string =>
  type === "TCP Port" ? url.replace(/^(?:[a-z]+:)?\/\//i, "").toLowerCase() : normalUrl(url);

/** What earlier runs know about a name: whether this organization has such a page, and how many others have one. */
export interface KnownPages {
  readonly isOurs: (name: string) => boolean;
  readonly ofOthers: (name: string) => number;
}

/**
 * Plans status pages and returns the names of those that are known to be the organization's. The API can only list and
 * create them (monitors scenario, "status pages"). Its list has the pages of all organizations of the account, so an
 * undeclared page may belong to another one and is not reported.
 */
export function planStatusPages(
  draft: Draft,
  place: PlanPlace,
  desired: readonly DesiredStatusPage[],
  observed: readonly ObservedStatusPage[],
  known: KnownPages,
): string[] {
  return desired.flatMap((wanted) => {
    const { name } = wanted;
    const named = observed.filter((page) => page.name === name);
    const certain = named.filter(({ mayBeAnothers }) => !mayBeAnothers);
    const candidates = certain.length > 0 || !known.isOurs(name) ? certain : named;
    const found = candidates.find(({ isPublic }) => isPublic === wanted.isPublic) ?? candidates[0];
    if (found !== undefined) {
      warnOfVisibility(draft, place, wanted, found);
      return [name];
    }
    if (named.length > known.ofOthers(name)) {
      draft.warn(
        place,
        `status page "${name}": GlitchTip does not say to which of the account's organizations the page of this name belongs, so none is created; if it belongs to another organization, create this one in GlitchTip's web page, or give it another name`,
      );
      return [];
    }
    draft.act(place, {
      type: "create",
      kind: "statusPage",
      name,
      changes: changesOf(undefined, { isPublic: wanted.isPublic }),
      desired: wanted,
    });
    return [];
  });
}

function warnOfVisibility(
  draft: Draft,
  place: PlanPlace,
  wanted: DesiredStatusPage,
  { isPublic }: ObservedStatusPage,
): void {
  if (isPublic === wanted.isPublic) return;
  const word = (visible: boolean) => (visible ? "public" : "not public");
  draft.warn(
    place,
    `status page "${wanted.name}" is ${word(isPublic)}, declared is ${word(wanted.isPublic)}: GlitchTip's API cannot change it, its web page can`,
  );
}
