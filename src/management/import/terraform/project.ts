import { slugify } from "../../../glitchtip/wire/slugify.ts";
import { KeyReader, present } from "../imported.ts";
import { append, type Context, leaveRest, organizationOf, projectOf } from "./context.ts";
import type { Resource } from "./state.ts";

export function readProject({ address, attributes }: Resource, { organizations, left }: Context): void {
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
  const declared = present({
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

export function readProjectTeam({ address, attributes }: Resource, context: Context): void {
  const keys = new KeyReader(attributes).ignore("id");
  const project = projectOf(keys, context);
  const team = keys.text("team") ?? keys.text("team_slug") ?? "";
  if (project.declared.team === undefined) project.declared.team = team;
  else if (project.declared.team !== team) {
    const why = `a project is declared with one team; that ${team} has it too stays as it is on the server`;
    context.left.push({ where: address, why });
  }
}

export function readKey({ address, attributes }: Resource, context: Context): void {
  // The DSN itself is asked of the server again, whenever somebody needs it.
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
  else append(project, "keys", present({ label, rateLimit: window && count ? { window, count } : undefined }));
  leaveRest(keys, address, context.left);
}
