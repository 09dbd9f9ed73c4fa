import * as z from "zod/mini";

/** Ids and keys become parts of paths, headers and DSNs, so any other character in one is an error of its answer. */
export const ID_WORD = /^[\w-]{1,64}$/;
const word = z.regex(ID_WORD);
export const idText = z.string().check(word);

/**
 * What the server answers, as far as we read it. Unknown fields are allowed, because each generation has others.
 * Ids are strings here; the server sends numbers in some places and strings in others (projects scenario).
 */
export const id = z.pipe(z.pipe(z.union([z.string(), z.number()]), z.transform(String)), z.string().check(word));

export const settingsShape = z.object({
  version: z.optional(z.string()),
  enableUserRegistration: z.optional(z.boolean()),
  enableOrganizationCreation: z.optional(z.boolean()),
});

export const organizationShape = z.object({ id, slug: z.string(), name: z.string(), dateCreated: z.string() });

/** The roles of a member of an organization, from the least to the most powerful. */
export const ORGANIZATION_ROLES = ["member", "admin", "manager", "owner"] as const;
export type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];

export const teamShape = z.object({ id, slug: z.string() });

export const projectShape = z.object({
  id,
  slug: z.string(),
  name: z.string(),
  dateCreated: z.string(),
  platform: z.nullish(z.string()),
  /** Missing in the answer to a create. */
  teams: z.optional(z.array(teamShape)),
});

export const keyShape = z.object({
  id: idText,
  public: idText,
  /** `label` and `name` are the same; 4.1 to 5.2 send both (keys scenario). */
  name: z.nullish(z.string()),
  label: z.nullish(z.string()),
});

/** In a list of 6 `token` may be masked; only the answer to its creation is sure to have it (docs/glitchtip-facts.md). */
export const tokenShape = z.object({
  id,
  label: z.nullish(z.string()),
  scopes: z.array(z.string()),
  token: z.string(),
});

/** The answer of the API's root, which says who asks. */
export const rootShape = z.object({ auth: z.nullish(z.object({ scopes: z.array(z.string()) })) });

export const eventShape = z.object({
  id: idText,
  eventID: idText,
  groupID: z.nullish(id),
  title: z.nullish(z.string()),
  message: z.nullish(z.string()),
});

/** An event in the list of an issue, where 4.1 and 5.2 say `event_id` (docs/glitchtip-facts.md, "Ingest"). */
export const issueEventShape = z.pipe(
  z.object({ eventID: z.optional(idText), event_id: z.optional(idText), id: idText }),
  z.transform(({ eventID, event_id, id }) => (eventID ?? event_id ?? id).replaceAll("-", "")),
);

export const issueShape = z.object({ id, status: z.string() });

export const authShape = z.object({
  status: z.number(),
  meta: z.optional(z.object({ is_authenticated: z.optional(z.boolean()) })),
  errors: z.optional(z.array(z.object({ code: z.optional(z.string()), message: z.optional(z.string()) }))),
});

export type Settings = z.infer<typeof settingsShape>;
export type Organization = z.infer<typeof organizationShape>;
export type Team = z.infer<typeof teamShape>;
export type Project = z.infer<typeof projectShape>;
export type Key = z.infer<typeof keyShape>;
export type Token = z.infer<typeof tokenShape>;
export type StoredEvent = z.infer<typeof eventShape>;
