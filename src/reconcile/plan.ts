import { identityOf, sameObject } from "../glitchtip/identity.ts";
import type { Generation } from "../glitchtip/versions.ts";
import type { Plan } from "./action.ts";
import { type Draft, openDraft } from "./draft.ts";
import { type Matches, matchObjects, namesToType } from "./find.ts";
import { type KnownOrganization, type KnownServer, own } from "./known.ts";
import type { DesiredOrganization, DesiredServer, ObservedOrganization, ObservedServer } from "./model.ts";
import { planOrganization } from "./organizations.ts";
import { createOrganization } from "./structure.ts";

export interface PlanOptions {
  readonly generation: Generation;
  /** What is declared and missing, and may not be made, is an error instead of a warning. */
  readonly strict: boolean;
  readonly known: KnownServer;
}

/** The difference between what is wanted and what is there. Pure: the same in, the same out, in the same order. */
export function planServer(desired: DesiredServer, observed: ObservedServer, options: PlanOptions): Plan {
  const draft = openDraft(desired, options);
  const knownOrganizations = options.known.organizations;
  const wanted = desired.organizations.map(({ name, slug }) => ({ key: name, name, slug }));
  const matches = matchObjects(wanted, observed.organizations, (name) => own(knownOrganizations, name));
  const known: Record<string, KnownOrganization> = {};
  for (const organization of desired.organizations) {
    const { name } = organization;
    const found = matches.byKey.get(name);
    if (!hasPlace(draft, organization, found, matches)) continue;
    // One that is declared by a new name, and found by its slug, is remembered by the old one.
    const before =
      found &&
      (own(knownOrganizations, name) ?? Object.values(knownOrganizations).find((one) => sameObject(one, found)));
    const seen = planOrganization(draft, organization, found, before, observed.account);
    if (found !== undefined) known[name] = { ...identityOf(found), ...seen };
  }
  if (desired.listsOrganizations && draft.manages.has("organization")) {
    const toType = namesToType(observed.organizations);
    for (const other of matches.others) {
      const place = { organization: other.name, at: { organizationSlug: other.slug } };
      const confirm = toType(other);
      draft.surplus("organization", place, other, { confirm });
    }
  }
  return { ...draft.finish(), known: { organizations: known } };
}

/** Whether there is, or will be, an organization to plan in. */
function hasPlace(
  draft: Draft,
  { name, slug }: DesiredOrganization,
  found: ObservedOrganization | undefined,
  { ambiguous }: Matches<ObservedOrganization>,
): boolean {
  const place = { organization: name };
  const several = ambiguous.get(name);
  if (several !== undefined) {
    draft.fail(place, `${several.length} organizations are called "${name}": ${several.join(", ")}; declare its slug`);
  } else if (found === undefined && !draft.manages.has("organization")) {
    draft.missing(place, `Organization '${name}' not found in instance '${draft.instance}', skipping`);
  } else if (found === undefined) {
    if (slug !== undefined) draft.warn(place, `GlitchTip decides an organization's slug: it may not be "${slug}"`);
    draft.act({ ...place, at: {} }, createOrganization(name));
    return true;
  } else {
    if (found.name !== name) rename(draft, name, slug, found);
    return true;
  }
  return false;
}

/** A declared slug says which one it is, so the name is a wish; without one it was renamed on the server. */
function rename(draft: Draft, name: string, slug: string | undefined, found: ObservedOrganization): void {
  const place = { organization: name, at: { organizationSlug: found.slug } };
  if (slug !== found.slug || !draft.manages.has("organization")) {
    draft.warn(place, `organization "${name}" is called "${found.name}" on the server now; it is followed`);
    return;
  }
  draft.act(place, {
    type: "update",
    kind: "organization",
    name,
    changes: [{ field: "name", from: found.name, to: name }],
    id: found.id,
    slug: found.slug,
    desired: { name },
  });
}
