import * as z from "zod/mini";
import { GENERATIONS } from "../../glitchtip/versions.ts";
import { ORGANIZATION_NAME_LONGEST, organizationFields, organizationSchema, projectsSchema } from "./organization.ts";
import { baseUrl, described, httpUrl, inJsonSchema, secretReferenceSchema, text } from "./primitives.ts";

/** The kinds of things that plan and apply manage. */
export const MANAGEABLE = [
  "organizations",
  "teams",
  "projects",
  "members",
  "keys",
  "alerts",
  "monitors",
  "statusPages",
] as const;

/** The fields that say how requests to a server are made. */
export const connectionFields = {
  timeoutMs: described(
    z._default(z.int().check(z.minimum(1), z.maximum(600_000)), 30_000),
    "How long one answer may take, in milliseconds.",
  ),
  retries: described(
    z._default(z.int().check(z.minimum(0), z.maximum(20)), 3),
    "How often a request that failed on its way is repeated, where that is safe.",
  ),
  jiraBridge: described(
    z.optional(
      z.strictObject({
        alertUrl: described(httpUrl, "The address of the bridge for alerts; it ends in /api/v1/alert."),
        token: described(
          z.optional(secretReferenceSchema),
          "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of one of its API keys. It stands in the alerts' URLs, which administrators of GlitchTip see.",
        ),
      }),
    ),
    "The glitchtip-jira-bridge that `jira` of projects uses.",
  ),
  allowPrivateAddresses: described(
    z._default(z.boolean(), false),
    "The server runs with GLITCHTIP_ALLOW_PRIVATE_IPS and GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS set to true.",
  ),
};

const kindSchema = z.enum(MANAGEABLE);

/** The fields for the contents of a server, at the top of the declaration or in `servers`. */
export const contentFields = {
  organizations: described(
    z.optional(z.record(text(ORGANIZATION_NAME_LONGEST), z.prefault(organizationSchema, {}))),
    "Several organizations, by name: each with slug, teams, members, monitors, statusPages and projects.",
  ),
  ...organizationFields,
  manage: described(
    z.optional(z.union([kindSchema, z.array(kindSchema)])),
    "The only kinds that plan and apply may touch, here also where nothing of them is declared. Default: what is declared.",
  ),
  prune: described(
    z._default(z.boolean(), false),
    "Also delete what is not declared, of the kinds that are; organizations and projects ask for their name first.",
  ),
};

/** An entry of `servers`. */
const managedServerSchema = z.strictObject({
  url: described(baseUrl, "The server's address."),
  token: described(secretReferenceSchema, "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of an API token."),
  generation: described(
    z.optional(z.literal(GENERATIONS)),
    "The generation of GlitchTip, for a server that does not state its version.",
  ),
  ca: described(
    z.optional(z.string().check(z.regex(/^file:.+$/, { error: "must be file:PATH of a certificate (PEM)" }))),
    "file:PATH of the certificate authority that signed its certificate.",
  ),
  ...connectionFields,
  organization: described(z.optional(text(ORGANIZATION_NAME_LONGEST)), "The organization's name."),
  projects: described(z.optional(projectsSchema), "By name, as at the top."),
  ...contentFields,
});

export const serversSchema = z.optional(
  z.record(text(200), managedServerSchema).check(
    z.refine((all) => Object.keys(all).length > 0, { error: "must have at least 1 server" }),
    inJsonSchema({ minProperties: 1 }),
  ),
);
