import type * as z from "zod/mini";
import type { DeclaredContents, OrganizationDeclaration, ProjectDeclaration, ServerContents } from "./contents.ts";
import { alertSchema } from "./schema/alerts.ts";
import {
  keySchema,
  memberSchema,
  monitorSchema,
  projectSchema,
  slugSchema,
  statusPageSchema,
} from "./schema/organization.ts";

type Values = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Returns what a declaration with mistakes says of its servers' contents, without the values that are wrong, so that the
 * contents can be checked as well and all mistakes are told at once.
 */
export function salvageContents(input: unknown): DeclaredContents {
  if (!isMap(input)) return {};
  const { servers } = input;
  return { ...serverContents(input), ...(isMap(servers) ? { servers: eachOf(servers, serverContents) } : {}) };
}

function serverContents(value: unknown): ServerContents {
  if (!isMap(value)) return {};
  const { organization, organizations } = value;
  return {
    ...organizationContents(value),
    organization: typeof organization === "string" ? organization : undefined,
    organizations: isMap(organizations) ? eachOf(organizations, organizationContents) : undefined,
  };
}

function organizationContents(value: unknown): OrganizationDeclaration {
  if (!isMap(value)) return {};
  return {
    teams: validEntries(slugSchema, value.teams),
    members: validEntries(memberSchema, value.members),
    monitors: validEntries(monitorSchema, value.monitors),
    statusPages: validEntries(statusPageSchema, value.statusPages),
    projects: isMap(value.projects) ? eachOf(value.projects, projectContents) : undefined,
  };
}

function projectContents(value: unknown): ProjectDeclaration {
  if (!isMap(value)) return {};
  const { name, slug, jira } = projectSchema.shape;
  return {
    name: valid(name, value.name),
    slug: valid(slug, value.slug),
    jira: valid(jira, value.jira),
    keys: validEntries(keySchema, value.keys),
    alerts: validEntries(alertSchema, value.alerts),
    monitors: validEntries(monitorSchema, value.monitors),
  };
}

const eachOf = <T>(map: Values, change: (value: unknown) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));

const valid = <T>(schema: z.ZodMiniType<T>, value: unknown): T | undefined => schema.safeParse(value).data;

/** Leaves a hole for each entry with a mistake, so that the others keep their indices; `presentEntries` skips the holes. */
const validEntries = <T>(schema: z.ZodMiniType<T>, list: unknown): T[] | undefined =>
  Array.isArray(list) ? list.map((one: unknown) => valid(schema, one) as T) : undefined;
