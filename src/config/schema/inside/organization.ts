import * as z from "zod/mini";
import { described, strictObject, text } from "../primitives.ts";
import { PROJECT_NAME_LONGEST, project } from "../project.ts";
import { monitor } from "./monitor.ts";
import { slug } from "./project.ts";

export const ORGANIZATION_NAME_LONGEST = 200;

const member = strictObject(() => ({
  email: described(
    // The server wants a dot in the domain (members: "bad e-mail").
    z.string().check(z.regex(/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/, { error: "must be an e-mail address" })),
    "Upper and lower case are the same.",
  ),
  role: described(z._default(z.enum(["member", "admin", "manager", "owner"]), "member"), "In the organization."),
  teams: described(z.optional(z.array(slug)), "Slugs of all the teams it is in. Left out: they stay as they are."),
}));

const statusPage = strictObject(() => ({
  name: described(text(200), "Shown on it."),
  isPublic: described(z._default(z.boolean(), false), "For everybody, or for members only."),
}));

export const projects = z._default(z.record(text(PROJECT_NAME_LONGEST), z.prefault(project, {})), {});

/** What an organization holds beside its projects. */
export const insideOrganization = {
  teams: described(z.optional(z.array(slug)), "Slugs of the teams. Left out: those that projects need are made."),
  members: described(z.optional(z.array(member)), "Who belongs to the organization."),
  monitors: described(z.optional(z.array(monitor)), "What is watched for no project; fields as in a project's."),
  statusPages: described(z.optional(z.array(statusPage)), "Pages that show monitors."),
};

export const organization = strictObject(() => ({
  slug: described(
    z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,200}$/, { error: "must be letters, digits, - or _" }))),
    "Its address, which says which one it is; the name may then change.",
  ),
  ...insideOrganization,
  projects: described(z.optional(projects), "By name, as at the top."),
}));
