import * as z from "zod/mini";
import { slugify } from "../glitchtip/wire/slugify.ts";

const name = z.string().check(z.minLength(1), z.maxLength(255));

const httpUrl = z
  .string()
  .check(z.maxLength(2_000), z.refine(isHttpUrl, { error: "must be an address with http:// or https://" }));

function isHttpUrl(text: string): boolean {
  // Most addresses need no parsed URL, which takes longer than all else here.
  return URL.canParse(text) && (/^https?:/i.test(text) || /^https?:$/.test(new URL(text).protocol));
}

const serverUrl = httpUrl.check(
  z.refine(isPlain, { error: "must be an address without user, password, query and fragment" }),
);

/** Two spellings of an allowed address are one server. What else an address can carry would be sent unseen. */
function isPlain(text: string): boolean {
  if (!/[@?#]/.test(text) || !URL.canParse(text)) return true;
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === "" && !/[?#]/.test(text);
}

const recipient = z
  .strictObject({
    recipient_type: z.enum(["email", "webhook"]),
    url: z._default(z.string().check(z.maxLength(2_000)), ""),
  })
  .check(
    z.refine(({ recipient_type: type, url }) => type !== "webhook" || url !== "", {
      error: "url must be set for webhook recipients",
    }),
    z.refine(({ recipient_type: type, url }) => type !== "email" || url === "", {
      error: "url must be empty for email recipients",
    }),
    z.refine(({ url }) => url === "" || isHttpUrl(url), { error: "url must be an address with http:// or https://" }),
  );

const smallInt = z.int().check(z.minimum(1), z.maximum(32_767));

const alert = z.strictObject({
  name,
  timespan_minutes: smallInt,
  quantity: smallInt,
  recipients: z._default(z.array(recipient), []),
});

/** What one project is to have. */
const compatProjectSchema = z
  .strictObject({
    name: z._default(z.string().check(z.maxLength(255)), ""),
    slug: z._default(z.string().check(z.maxLength(50)), ""),
    alerts: z._default(z.array(alert), []),
  })
  .check(
    z.refine(({ name: given, slug }) => (slug || slugify(given)) !== "", { error: "must have a slug, or a name" }),
  );

/** What one organization is to have. */
export const compatOrganizationSchema = z.strictObject({
  name,
  projects: z._default(z.array(compatProjectSchema), []),
});

const instanceOf = <O extends z.core.$ZodType>(organization: O) =>
  z.strictObject({
    name,
    console_url: serverUrl,
    token: z.strictObject({
      secret_manager_url: serverUrl,
      path: z.string().check(z.minLength(1), z.maxLength(1_000)),
      field: z.optional(z.nullable(z.string().check(z.maxLength(255)))),
      version: z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(999_999_999)))),
    }),
    read_timeout: z._default(z.int().check(z.minimum(1), z.maximum(600)), 30),
    max_retries: z._default(z.int().check(z.minimum(0), z.maximum(20)), 3),
    organizations: z._default(z.array(organization), []),
  });

const requestOf = <I extends z.core.$ZodType>(instance: I) =>
  z.strictObject({ instances: z.array(instance).check(z.maxLength(10_000)), dry_run: z._default(z.boolean(), true) });

/** One server, and the wanted alerts of its projects. */
export const compatInstanceSchema = instanceOf(compatOrganizationSchema);

/** The request of a client that brings the wanted alerts of its own servers (glitchtip-project-alerts). */
export const compatSchema = requestOf(compatInstanceSchema);

/** The same request with a number in the place of each organization (json-parts.ts). */
export const outlineSchema = requestOf(instanceOf(z.strictObject({ part: z.int() })));

/** How deep instances and organizations lie in the JSON text of a request. */
export const INSTANCE_DEPTH = 3;
export const ORGANIZATION_DEPTH = 5;

export type CompatRequest = z.infer<typeof compatSchema>;
export type CompatInstance = z.infer<typeof compatInstanceSchema>;
export type CompatOrganization = z.infer<typeof compatOrganizationSchema>;
export type CompatProject = z.infer<typeof compatProjectSchema>;
