import { defined } from "../../../base/defined.ts";
import { slugify } from "../../../glitchtip/wire/slugify.ts";
import { KeyReader, type Left, type SecretToSet } from "../imported.ts";
import { importAlert, importMonitor } from "./alert.ts";
import type { MutableProject, Organizations } from "./organizations.ts";
import type { Resource } from "./state.ts";

/** The results that the readers of resources fill. */
export interface Context {
  readonly organizations: Organizations;
  readonly left: Left[];
  readonly secrets: SecretToSet[];
  /** Origins of servers, read from DSNs. */
  readonly addresses: Set<string>;
}

export const organizationOf = (keys: KeyReader): string =>
  keys.text("organization") ?? keys.text("organization_slug") ?? "";

/** Returns the project of a resource. A project of another state is declared by its slug alone. */
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

/** Returns a name such as GLITCHTIP_SHOP_API_HIGH_ERROR_RATE_URL. */
export const environmentVariable = (...words: string[]): string =>
  ["GLITCHTIP", ...words]
    .map((word) => slugify(word).replaceAll("-", "_").toUpperCase())
    .filter(Boolean)
    .join("_");

interface Reader {
  readonly type: string;
  /** The kind's word in `manage`. */
  readonly kind: string;
  read(resource: Resource, context: Context): void;
}

/**
 * The readers in an order in which each finds what it refers to. The attributes are those of the two public providers:
 * samiracho's (`organization`, `project`, `team`) and nmehlei's (`organization_slug`, `project_slug`, `initial_team`).
 */
export const readers: readonly Reader[] = [
  {
    type: "glitchtip_organization",
    kind: "organizations",
    read({ address, attributes }, { organizations, left }) {
      organizations.learn(attributes);
      leaveRest(new KeyReader(attributes).ignore("id", "name", "slug", "date_created"), address, left);
    },
  },
  {
    type: "glitchtip_team",
    kind: "teams",
    read({ address, attributes }, { organizations, left }) {
      const keys = new KeyReader(attributes).ignore("date_created", "member_count");
      const organization = organizations.of(organizationOf(keys));
      const slug = keys.text("slug") ?? "";
      organization.teams = [...(organization.teams ?? []), slug];
      organization.teamIds[slug] = String(keys.get("id") ?? "");
      leaveRest(keys, address, left);
    },
  },
  { type: "glitchtip_project", kind: "projects", read: importProject },
  { type: "glitchtip_project_team", kind: "projects", read: importProjectTeam },
  { type: "glitchtip_project_team_membership", kind: "projects", read: importProjectTeam },
  { type: "glitchtip_project_key", kind: "keys", read: importKey },
  { type: "glitchtip_project_alert", kind: "alerts", read: importAlert },
  { type: "glitchtip_monitor", kind: "monitors", read: importMonitor },
  { type: "glitchtip_organization_member", kind: "members", read: readMember },
];

function readMember({ address, attributes }: Resource, { organizations, left }: Context): void {
  const keys = new KeyReader(attributes).ignore(
    "id",
    "send_invite",
    "date_created",
    "is_owner",
    "pending",
    "role_name",
  );
  const organization = organizations.of(organizationOf(keys));
  const member = defined({ email: keys.text("email"), role: keys.text("org_role") });
  organization.members = [...(organization.members ?? []), member];
  leaveRest(keys, address, left);
}

export function importProject({ address, attributes }: Resource, { organizations, left }: Context): void {
  const keys = new KeyReader(attributes).ignore("scrub_ip_addresses");
  const name = keys.text("name") ?? "";
  const slug = keys.text("slug") ?? slugify(name);
  const id = String(keys.get("id") ?? "");
  const dateCreated = keys.text("date_created");
  const throttle = keys.number("event_throttle_rate") ?? 0;
  if (!Number.isInteger(throttle))
    left.push({
      where: `${address}: event_throttle_rate`,
      why: `${throttle} is rounded: GlitchTip keeps whole percents`,
    });
  const declared = defined({
    slug: slug === slugify(name) ? undefined : slug,
    team: keys.text("team") ?? keys.text("initial_team"),
    platform: keys.text("platform"),
    throttle: Math.round(throttle) || undefined,
  });
  if (organizations.of(organizationOf(keys)).projects.has(slug)) {
    left.push({ where: address, why: `the project ${slug} is in the state twice; the other one counts` });
    return;
  }
  const identity = dateCreated === undefined ? undefined : { id, slug, dateCreated };
  organizations.addProject(organizationOf(keys), slug, { id, identity, declared }, name);
  leaveRest(keys, address, left);
}

export function importProjectTeam({ address, attributes }: Resource, context: Context): void {
  const keys = new KeyReader(attributes).ignore("id");
  const project = projectOf(keys, context);
  const team = keys.text("team") ?? keys.text("team_slug") ?? "";
  if (project.declared.team === undefined) project.declared.team = team;
  else if (project.declared.team !== team) {
    const why = `a project is declared with one team; that ${team} has it too stays as it is on the server`;
    context.left.push({ where: address, why });
  }
}

export function importKey({ address, attributes }: Resource, context: Context): void {
  // DSNs are always read from the server, so they are not imported.
  const keys = new KeyReader(attributes).ignore(
    "id",
    "public",
    "project_id",
    "dsn_public",
    "dsn_security",
    "date_created",
  );
  const project = projectOf(keys, context);
  const dsn = new KeyReader(keys.get("dsn")).text("public") ?? new KeyReader(attributes).text("dsn_public") ?? "";
  if (URL.canParse(dsn)) context.addresses.add(new URL(dsn).origin);
  const label = keys.text("name");
  const limit = new KeyReader(keys.get("rate_limit"));
  const [window, count] = [limit.number("window"), limit.number("count")];
  if (label === undefined)
    context.left.push({ where: address, why: "is a key without a label, which cannot be declared; it stays" });
  else append(project, "keys", defined({ label, rateLimit: window && count ? { window, count } : undefined }));
  leaveRest(keys, address, context.left);
}
