import { KeyReader, present } from "../imported.ts";
import { readAlert } from "./alert.ts";
import { type Context, leaveRest, organizationOf } from "./context.ts";
import { readMonitor } from "./monitor.ts";
import { readKey, readProject, readProjectTeam } from "./project.ts";
import type { Resource } from "./state.ts";

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
  { type: "glitchtip_project", kind: "projects", read: readProject },
  { type: "glitchtip_project_team", kind: "projects", read: readProjectTeam },
  { type: "glitchtip_project_team_membership", kind: "projects", read: readProjectTeam },
  { type: "glitchtip_project_key", kind: "keys", read: readKey },
  { type: "glitchtip_project_alert", kind: "alerts", read: readAlert },
  { type: "glitchtip_monitor", kind: "monitors", read: readMonitor },
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
  const member = present({ email: keys.text("email"), role: keys.text("org_role") });
  organization.members = [...(organization.members ?? []), member];
  leaveRest(keys, address, left);
}
