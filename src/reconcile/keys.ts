import { counted } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { KEY_LABEL } from "../config/defaults.ts";
import { changesOf } from "./action.ts";
import type { DesiredKey, RateLimit } from "./desired.ts";
import type { Draft, PlanPlace } from "./draft.ts";
import { pairByName } from "./matching.ts";
import type { ObservedKey } from "./observed.ts";

/**
 * Labels of keys that are never pruned: the provisioner's, which the apps use, and that of the key that GlitchTip
 * creates with each project (keys scenario).
 */
const STAYS: ReadonlySet<string> = new Set([KEY_LABEL, ""]);

const shownLimit = (limit: RateLimit | null): string =>
  limit === null ? "none" : `${counted(limit.count, "event")} in ${limit.window} s`;

const sameLimit = (a: RateLimit | null, b: RateLimit | null): boolean => shownLimit(a) === shownLimit(b);

/**
 * Plans the keys of one project. A key is never changed: the server answers such a PUT with 200 and does nothing (keys
 * scenario).
 */
export function planKeys(
  draft: Draft,
  place: PlanPlace,
  desired: readonly DesiredKey[],
  observed: readonly ObservedKey[],
): void {
  const { pairs, others } = pairByName(desired, observed, {
    ofDesired: ({ label }) => label,
    ofObserved: ({ label }) => label,
    id: ({ id }) => id,
    rank: ({ rateLimit }, found) => (rateLimit === undefined || sameLimit(rateLimit, found.rateLimit) ? 0 : 1),
  });
  for (const { desired: wanted, observed: found, doubles } of pairs) {
    if (found === undefined) create(draft, place, wanted);
    else tellOfLimit(draft, place, wanted, found);
    for (const double of doubles) remove(draft, place, double, `has the label of another key; ${found?.id} is kept`);
  }
  for (const other of others) if (!STAYS.has(other.label)) remove(draft, place, other);
}

function create(draft: Draft, place: PlanPlace, wanted: DesiredKey): void {
  const rateLimit = wanted.rateLimit === undefined ? undefined : shownLimit(wanted.rateLimit);
  draft.act(place, {
    type: "create",
    kind: "key",
    name: wanted.label,
    changes: changesOf(undefined, { rateLimit }),
    desired: wanted,
  });
}

function tellOfLimit(draft: Draft, place: PlanPlace, { label, rateLimit }: DesiredKey, found: ObservedKey): void {
  if (rateLimit === undefined || sameLimit(rateLimit, found.rateLimit)) return;
  draft.warn(
    place,
    `key "${label}" has the rate limit ${shownLimit(found.rateLimit)}, declared is ${shownLimit(rateLimit)}: GlitchTip cannot change a key; declare one with another label and that limit, hand it out, then remove this one`,
  );
}

/** Up to 5.2, an event with a deleted key blocks all events of its project for 30 seconds (ingest scenario). */
function remove(draft: Draft, place: PlanPlace, { id, label }: ObservedKey, note?: string): void {
  const blocked = draft.capabilities.wrongKeyBlocks === "project" ? ", and block its project for 30 s each time" : "";
  draft.surplus(
    "key",
    place,
    { id, name: label },
    { ...defined({ note }), warning: `applications that still use it lose their events${blocked}` },
  );
}
