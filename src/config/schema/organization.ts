import * as z from "zod/mini";
import { MONITOR_TYPES } from "../../glitchtip/versions.ts";
import { parseReference } from "../../references/reference.ts";
import { DEFAULT_TEAM } from "../defaults.ts";
import { alertSchema, jiraSchema, SMALL_INTEGER_MOST } from "./alerts.ts";
import { described, text } from "./primitives.ts";

export const monitorSchema = z.strictObject({
  name: described(text(200), "Unique in its project."),
  // GlitchTip answers 500 to another type, and keeps a row that breaks every list (recording monitors, "unknown type").
  type: described(z._default(z.enum(MONITOR_TYPES), "Ping"), "The kind of check."),
  url: described(
    z.optional(z.string()),
    "What is checked: an address, host:port for a TCP Port, nothing for a Heartbeat. Or file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of it.",
  ),
  intervalSeconds: described(
    z._default(z.int().check(z.minimum(1), z.maximum(86_399)), 60),
    "The time between two checks, in seconds.",
  ),
  timeoutSeconds: described(
    z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(60)))),
    "How long an answer may take. Default: 20; null for a Heartbeat.",
  ),
  expectedStatus: described(
    z.optional(z.nullable(z.int().check(z.minimum(100), z.maximum(599)))),
    "The expected status of the answer. Default: 200 for Ping, GET and POST, else null.",
  ),
  expectedBody: described(z._default(z.string(), ""), "Text that the answer must contain."),
  confirmationThreshold: described(
    z.optional(z.int().check(z.minimum(1), z.maximum(SMALL_INTEGER_MOST))),
    "How many checks in a row have to fail until it counts as down. Left out: it stays as it is, 1 for a new one. From GlitchTip 6 on.",
  ),
});

const HTTP = /^https?:\/\/(?:[^/@\s]*@)?([^/:?#\s]+|\[[^\]]+\])(?::\d+)?(?:[/?#]|$)/i;

/** Returns why the server would refuse a monitor's address, or undefined for a good one (recording monitors). */
export function monitorUrlProblem(type: string, url: string | undefined): string | undefined {
  if (type === "Heartbeat")
    return url ? "must be left out for a Heartbeat: the server creates an address to call" : undefined;
  if (!url) return `must be set for ${type}`;
  if (parseReference(url) !== undefined) return undefined;
  if (type === "TCP Port")
    return /^(?:\/\/)?[^/:\s]+:\d{1,5}$/.test(url) ? undefined : "must be host:port for a TCP Port";
  const host = HTTP.exec(url)?.[1];
  if (host === undefined || !URL.canParse(url)) return "must be an http:// or https:// address";
  // Recording monitors, "container name".
  if (host.includes(".") || host.startsWith("[") || host.toLowerCase() === "localhost" || type === "SSL")
    return undefined;
  return `GlitchTip takes no host without a dot: give the service a network alias such as ${host}.internal`;
}

/** GlitchTip takes any text as a slug, and then the project has no address (recording projects). */
export const SLUG = /^[A-Za-z0-9_-]{1,50}$/;
export const slugSchema = z.string().check(z.regex(SLUG, { error: "must be 1 to 50 letters, digits, - or _" }));

export const keySchema = z.strictObject({
  // GlitchTip answers 500 to a longer one (recording keys, "create with a long name").
  label: described(text(64), "Unique in its project."),
  rateLimit: described(
    z.optional(
      z.nullable(
        z.strictObject({
          window: described(z.int().check(z.minimum(1)), "The length of the window, in seconds."),
          count: described(z.int().check(z.minimum(1)), "How many events are accepted within the window."),
        }),
      ),
    ),
    "Set when the key is created; GlitchTip cannot change it later.",
  ),
});

/** The fields of a project that the provisioner does not read. */
const managedProjectFields = {
  slug: described(
    z.optional(slugSchema),
    "Its slug. Default: derived from the name by GlitchTip; a later rename keeps it.",
  ),
  throttle: described(
    z.optional(z.int().check(z.minimum(0), z.maximum(100))),
    "The percentage of events that are dropped.",
  ),
  keys: described(z.optional(z.array(keySchema)), "Its keys, each with a DSN of its own."),
  alerts: described(z.optional(z.array(alertSchema)), "Alerts, which notify somebody of events."),
  monitors: described(z.optional(z.array(monitorSchema)), "Uptime monitors of the project."),
  jira: described(z.optional(jiraSchema), "Tickets by the Jira bridge of `server.jiraBridge`."),
};

/** GlitchTip's limit (recording projects). */
export const PROJECT_NAME_LONGEST = 64;

export const projectSchema = z.strictObject({
  name: described(z.optional(text(PROJECT_NAME_LONGEST)), "Shown in GlitchTip. Default: the key."),
  team: described(
    z.optional(slugSchema),
    `The team's slug. Default: ${DEFAULT_TEAM}, if the project has to be created.`,
  ),
  platform: described(z.optional(text(64)), "For example node-express; GlitchTip shows matching set-up help."),
  ...managedProjectFields,
});

export const ORGANIZATION_NAME_LONGEST = 200;

export const memberSchema = z.strictObject({
  email: described(
    // GlitchTip requires a dot in the domain (recording members, "bad e-mail").
    z.string().check(z.regex(/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/, { error: "must be an e-mail address" })),
    "Upper and lower case are the same.",
  ),
  role: described(
    z._default(z.enum(["member", "admin", "manager", "owner"]), "member"),
    "The role in the organization.",
  ),
  teams: described(
    z.optional(z.array(slugSchema)),
    "Slugs of all the teams of the member. Left out: they stay as they are.",
  ),
});

export const statusPageSchema = z.strictObject({
  name: described(text(200), "The name of the page."),
  isPublic: described(z._default(z.boolean(), false), "Whether everybody may see it, or only members."),
});

export const projectsSchema = z._default(z.record(text(PROJECT_NAME_LONGEST), z.prefault(projectSchema, {})), {});

/** The fields of an organization beside its projects. */
export const organizationFields = {
  teams: described(
    z.optional(z.array(slugSchema)),
    "Slugs of the teams. If left out, the teams that projects need are created.",
  ),
  members: described(z.optional(z.array(memberSchema)), "The members of the organization."),
  monitors: described(
    z.optional(z.array(monitorSchema)),
    "Uptime monitors that belong to no project; fields as in a project's.",
  ),
  statusPages: described(z.optional(z.array(statusPageSchema)), "Pages that show monitors."),
};

export const organizationSchema = z.strictObject({
  slug: described(
    z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,200}$/, { error: "must be letters, digits, - or _" }))),
    "The organization's slug, by which it is recognized; its name may then change.",
  ),
  ...organizationFields,
  projects: described(z.optional(projectsSchema), "By name, as at the top."),
});
