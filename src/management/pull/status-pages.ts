import type { Calls } from "../../glitchtip/calls/index.ts";
import type { DesiredServer, ObservedServer, ObservedStatusPage, Undeclared } from "../../reconcile/index.ts";
import { nameOf } from "../report.ts";
import { indexOf } from "./places.ts";
import type { Wish, WishContext } from "./wishes.ts";

export interface Placed {
  readonly observed: ObservedServer;
  /** One sentence on the pages that could not be assigned. */
  readonly left: readonly string[];
}

/**
 * Assigns status pages to organizations. The list has the pages of all organizations of the account (read in GlitchTip's
 * source), and only a page's monitors tell the organization. A page without monitors is assigned where the account is in
 * one organization only.
 */
export async function placeStatusPages(
  { organizations: calls }: Calls,
  observed: ObservedServer,
  declared: Pick<DesiredServer, "organizations"> = { organizations: [] },
): Promise<Placed> {
  const isOpen = ({ organizationId }: ObservedStatusPage) => organizationId === undefined;
  const open = observed.organizations.flatMap(({ statusPages = [] }) => statusPages).filter(isOpen);
  if (open.length === 0) return { observed, left: [] };
  const { length } = await calls.list();
  const [only] = observed.organizations;
  if (length === 1 && only !== undefined) {
    const statusPages = only.statusPages?.map((page) => ({ ...page, organizationId: page.organizationId ?? only.id }));
    return { observed: { ...observed, organizations: [{ ...only, statusPages }] }, left: [] };
  }
  const known = new Set(declared.organizations.flatMap(({ statusPages = [] }) => statusPages.map(({ name }) => name)));
  const names = new Set(open.map(({ name }) => name).filter((name) => !known.has(name)));
  if (names.size === 0) return { observed, left: [] };
  const what = [...names].map((name) => nameOf({ kind: "statusPage", name })).join(", ");
  const why = `${what}: GlitchTip does not say to which of the account's ${length} organizations a page without monitors belongs`;
  return { observed, left: [`${why}; declare it by hand in statusPages`] };
}

/**
 * Returns the undeclared pages that are known to belong to the organization. A plan does not report them, because the
 * list covers all organizations.
 */
export const undeclaredPages = ({ round, places }: WishContext): Undeclared[] =>
  round.desired.organizations.flatMap(({ name: organization, statusPages }) => {
    const around = places.organization({ organization });
    if (statusPages === undefined || around === undefined) return [];
    return ownPages(around.observed)
      .filter(({ name }) => indexOf(around.part.body, "statusPage", name) === -1)
      .map(({ slug, name }) => ({ kind: "statusPage", instance: round.desired.name, organization, name, id: slug }));
  });

/** Returns an edit for each page whose `isPublic` differs. The API cannot change it, so a plan only warns. */
export const changedPages = ({ round, places }: WishContext): Wish[] =>
  round.desired.organizations.flatMap(({ name: organization, statusPages = [] }) => {
    const around = places.organization({ organization });
    if (around === undefined) return [];
    return ownPages(around.observed).flatMap(({ name, isPublic }): Wish[] => {
      const declared = statusPages.find((one) => one.name === name);
      const at = indexOf(around.part.body, "statusPage", name);
      if (declared === undefined || at === -1 || declared.isPublic === isPublic) return [];
      const message = nameOf({ kind: "statusPage", name });
      const path = [...around.part.path, "statusPages", at, "isPublic"];
      const key = JSON.stringify(["isPublic", organization, name]);
      return [
        {
          key,
          how: "changed",
          edits: [{ path, value: isPublic }],
          instance: round.desired.name,
          organization,
          message,
        },
      ];
    });
  });

const ownPages = (
  observed: { readonly id: string; readonly statusPages?: readonly ObservedStatusPage[] | undefined } | undefined,
) => (observed?.statusPages ?? []).filter(({ organizationId }) => organizationId === observed?.id);

export const declaredPage = ({ name, isPublic }: ObservedStatusPage): Record<string, unknown> => ({
  name,
  ...(isPublic ? { isPublic } : {}),
});
