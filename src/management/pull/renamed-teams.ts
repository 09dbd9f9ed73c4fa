import { type OrganizationPart, organizationParts } from "../../config/contents.ts";
import type { DeclarationEdit } from "./document.ts";
import type { Wish, WishContext } from "./wishes.ts";

/** Returns the new slugs of declared teams that somebody renamed on the server: they are known by their ids. */
export function renamedTeams({ round, places }: WishContext): Wish[] {
  const { part, desired, plan } = round;
  return organizationParts(part).flatMap((around) => {
    const organization = around.name;
    const there = places.organization({ organization })?.observed?.teams ?? [];
    const known = Object.entries(plan.known.organizations[organization]?.teams ?? {});
    return known.flatMap(([declared, id]) => {
      const slug = there.find((team) => team.id === id)?.slug;
      const edits = slug === undefined || slug === declared ? [] : editsOf(around, declared, slug);
      if (edits.length === 0) return [];
      const key = JSON.stringify(["renamed", "team", organization, declared]);
      const message = `team "${declared}" is called "${slug}" now`;
      return [{ key, instance: desired.name, organization, how: "changed" as const, edits, message }];
    });
  });
}

/** Returns an edit for each place of the organization that names the team. */
function editsOf({ path, body }: OrganizationPart, declared: string, slug: string): DeclarationEdit[] {
  const inList = (at: readonly PropertyKey[], teams: readonly string[] | undefined): DeclarationEdit[] =>
    (teams ?? []).flatMap((team, i) => (team === declared ? [{ path: [...at, i], value: slug }] : []));
  return [
    ...inList([...path, "teams"], body.teams),
    ...(body.members ?? []).flatMap((member, i) => inList([...path, "members", i, "teams"], member.teams)),
    ...Object.entries(body.projects ?? {}).flatMap(([key, project]) =>
      project.team === declared ? [{ path: [...path, "projects", key, "team"], value: slug }] : [],
    ),
  ];
}
