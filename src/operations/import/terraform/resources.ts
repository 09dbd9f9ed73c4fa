import { slugify } from "../../../glitchtip/wire/slugify.ts";
import type { Left, SecretToSet } from "../imported.ts";
import { KeyReader, present } from "../imported.ts";
import { readAlert } from "./alert.ts";
import type { MutableProject, Organizations } from "./organizations.ts";
import type { Resource } from "./state.ts";

export interface Context {
  readonly organizations: Organizations;
  readonly left: Left[];
  readonly secrets: SecretToSet[];
  /** Of servers, from DSNs. */
  readonly addresses: Set<string>;
}

interface Reader {
  readonly type: string;
  /** In `manage`. */
  readonly kind: string;
  read(resource: Resource, context: Context): void;
}

/**
 * In an order in which each finds what it names. The attributes are those of the two public providers: samiracho's
 * (`organization`, `project`, `team`) and nmehlei's (`organization_slug`, `project_slug`, `initial_team`).
 */
export const readers: readonly Reader[] = [
  {
    type: "glitchtip_organization",
    kind: "organizations",
    read({ address, attributes }, { organizations, left }) {
      organizations.learn(attributes);
      leaveRest(new KeyReader(attributes).skip("id", "name", "slug", "date_created"), address, left);
    },
  },
  {
    type: "glitchtip_team",
    kind: "teams",
    read({ address, attributes }, { organizations, left }) {
      const keys = new KeyReader(attributes).skip("date_created", "member_count");
      const organization = organizations.of(organizationOf(keys));
      const slug = keys.text("slug") ?? "";
      organization.teams = [...(organization.teams ?? []), slug];
      organization.teamIds[slug] = String(keys.get("id") ?? "");
      leaveRest(keys, address, left);
    },
  },
  { type: "glitchtip_project", kind: "projects", read: readProject },
  { type: "glitchtip_project_team", kind: "projects", read: readProjectTeam },
  { type: "glitchtip_project_team_membership", kind: "projects", read: readProjectTeam },
  { type: "glitchtip_project_key", kind: "keys", read: readKey },
  { type: "glitchtip_project_alert", kind: "alerts", read: readAlert },
  { type: "glitchtip_monitor", kind: "monitors", read: readMonitor },
  { type: "glitchtip_organization_member", kind: "members", read: readMember },
];

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

function readProject({ address, attributes }: Resource, { organizations, left }: Context): void {
  const keys = new KeyReader(attributes).skip("scrub_ip_addresses");
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
  const declared = present({
    slug: slug === slugify(name) ? undefined : slug,
    team: keys.text("team") ?? keys.text("initial_team"),
    platform: keys.text("platform"),
    throttle: Math.round(throttle) || undefined,
  });
  const identity = dateCreated === undefined ? undefined : { id, slug, dateCreated };
  organizations.addProject(organizationOf(keys), slug, { id, identity, declared }, name);
  leaveRest(keys, address, left);
}

function readProjectTeam({ address, attributes }: Resource, context: Context): void {
  const keys = new KeyReader(attributes).skip("id");
  const project = projectOf(keys, context);
  const team = keys.text("team") ?? keys.text("team_slug") ?? "";
  if (project.declared.team === undefined) project.declared.team = team;
  else if (project.declared.team !== team) {
    const why = `a project is declared with one team; that ${team} has it too stays as it is on the server`;
    context.left.push({ where: address, why });
  }
}

function readKey({ address, attributes }: Resource, context: Context): void {
  // The DSN itself is asked of the server again, whenever somebody needs it.
  const keys = new KeyReader(attributes).skip(
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
  else append(project, "keys", present({ label, rateLimit: window && count ? { window, count } : undefined }));
  leaveRest(keys, address, context.left);
}

function readMonitor({ address, attributes, isSensitive }: Resource, { organizations, left, secrets }: Context): void {
  const keys = new KeyReader(attributes).skip("id", "is_up", "created");
  const organization = organizations.of(organizationOf(keys));
  const type = keys.text("monitor_type");
  const url = keys.text("url");
  const hidden = url !== undefined && isSensitive(["url"]);
  const name = keys.text("name") ?? "";
  const reference = `env:${variable("MONITOR", name, "URL")}`;
  if (hidden) secrets.push({ reference, of: `${address}: url` });
  const monitor = present({
    name,
    type,
    url: hidden ? reference : url,
    intervalSeconds: keys.number("interval"),
    timeoutSeconds: keys.number("timeout"),
    expectedStatus:
      type === "Heartbeat" || type === "SSL" || type === "TCP Port" ? undefined : keys.number("expected_status"),
    expectedBody: keys.text("expected_body"),
  });
  keys.skip("expected_status");
  const threshold = keys.number("confirmation_threshold") ?? 1;
  if (threshold !== 1)
    left.push({
      where: `${address}: confirmation_threshold`,
      why: `${threshold} has no place in the declaration; it stays as it is`,
    });
  const projectId = String(keys.get("project_id") ?? "");
  const project = [...organization.projects.values()].find(({ id }) => id !== "" && id === projectId);
  if (project !== undefined) append(project, "monitors", monitor);
  else {
    if (projectId !== "")
      left.push({
        where: `${address}: project_id`,
        why: `no project of this state has the id ${projectId}; it is declared for the organization`,
      });
    organization.monitors = [...(organization.monitors ?? []), monitor];
  }
  leaveRest(keys, address, left);
}

function readMember({ address, attributes }: Resource, { organizations, left }: Context): void {
  const keys = new KeyReader(attributes).skip("id", "send_invite", "date_created", "is_owner", "pending", "role_name");
  const organization = organizations.of(organizationOf(keys));
  const member = present({ email: keys.text("email"), role: keys.text("org_role") });
  organization.members = [...(organization.members ?? []), member];
  leaveRest(keys, address, left);
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
