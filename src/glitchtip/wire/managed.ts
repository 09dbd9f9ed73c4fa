import * as z from "zod/mini";
import { id, idText, organizationShape, projectShape } from "./shapes.ts";
import { type Fields, withUnmanaged } from "./unmanaged.ts";

/**
 * What the server answers about the objects that a declaration manages. The shapes are tolerant: an object that somebody
 * made by hand or in another generation is read as it is, so that it never hides the others.
 */
const text = z.pipe(
  z.nullish(z.string()),
  z.transform((value) => value ?? ""),
);
const number = z.pipe(
  z.nullish(z.number()),
  z.transform((value) => value ?? null),
);

export const managedProjectShape = z.extend(projectShape, { eventThrottleRate: z.optional(z.nullable(z.number())) });

/** A project with all its fields, for a PUT that sends back what it does not change. */
export const wholeProjectShape = withUnmanaged("project", managedProjectShape);
export const wholeOrganizationShape = withUnmanaged("organization", organizationShape);

/** A project in the list of all organizations of the account. */
export const projectOfAccountShape = z.extend(managedProjectShape, { organization: organizationShape });

export const managedKeyShape = z.object({
  id: idText,
  public: idText,
  name: z.nullish(z.string()),
  label: z.nullish(z.string()),
  rateLimit: z.nullish(z.object({ window: z.number(), count: z.number() })),
});

const monitorFields = z.object({
  id,
  name: text,
  monitorType: z.string(),
  url: text,
  expectedStatus: number,
  expectedBody: text,
  interval: z.nullish(z.number()),
  timeout: number,
  /** Present from 6 on: how many checks in a row have to fail. */
  confirmationThreshold: z.nullish(z.number()),
  /** 4.1 calls it `project`, later generations `projectID` (monitors scenario). */
  project: z.nullish(id),
  projectID: z.nullish(id),
});

export const monitorShape = withUnmanaged("monitor", monitorFields);

export const statusPageShape = z.object({
  name: text,
  slug: z.string(),
  isPublic: z.optional(z.boolean()),
  /** 4.1 calls it `organization`, later generations `organizationID` (monitors scenario). */
  monitors: z.optional(z.array(z.object({ organization: z.nullish(id), organizationID: z.nullish(id) }))),
});

export const memberShape = z.object({
  id,
  email: text,
  role: z.string(),
  pending: z.nullish(z.boolean()),
  isOwner: z.nullish(z.boolean()),
  /** Present in the answer for a single member, not in lists. */
  teams: z.optional(z.array(z.string())),
  /** Present for an invitation in 6; it is a secret (docs/glitchtip-facts.md, "Members"). */
  inviteLink: z.nullish(z.string()),
});

export const accountShape = z.object({ id, email: text });

export type ManagedProject = z.infer<typeof managedProjectShape> & { readonly unmanaged?: Fields };
export type ManagedKey = z.infer<typeof managedKeyShape>;
export type ServerMonitor = z.infer<typeof monitorFields> & { readonly unmanaged?: Fields };
export type ServerStatusPage = z.infer<typeof statusPageShape>;
export type ServerMember = z.infer<typeof memberShape>;
