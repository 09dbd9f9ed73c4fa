import { slugify } from "../../../glitchtip/wire/slugify.ts";
import type { KeyReader, Left, SecretToSet } from "../imported.ts";
import type { MutableProject, Organizations } from "./organizations.ts";

/** What the readers of resources fill. */
export interface Context {
  readonly organizations: Organizations;
  readonly left: Left[];
  readonly secrets: SecretToSet[];
  /** Of servers, from DSNs. */
  readonly addresses: Set<string>;
}

export const organizationOf = (keys: KeyReader): string =>
  keys.text("organization") ?? keys.text("organization_slug") ?? "";

/** The project that a resource is of; one that another state looks after is declared by its slug alone. */
export function projectOf(keys: KeyReader, { organizations }: Pick<Context, "organizations">): MutableProject {
  const organization = organizationOf(keys);
  const slug = keys.text("project") ?? keys.text("project_slug") ?? "";
  const { projects } = organizations.of(organization);
  if (!projects.has(slug)) organizations.addProject(organization, slug, { id: "", declared: {} }, slug);
  return projects.get(slug) as MutableProject;
}

export function leaveRest(keys: KeyReader, address: string, left: Left[]): void {
  for (const key of keys.rest()) left.push({ where: `${address}: ${key}`, why: "is not known" });
}

export function append({ declared }: MutableProject, key: string, value: object): void {
  const list = declared[key];
  declared[key] = [...(Array.isArray(list) ? (list as object[]) : []), value];
}

/** GLITCHTIP_SHOP_API_HIGH_ERROR_RATE_URL */
export const variable = (...words: string[]): string =>
  ["GLITCHTIP", ...words]
    .map((word) => slugify(word).replaceAll("-", "_").toUpperCase())
    .filter(Boolean)
    .join("_");
