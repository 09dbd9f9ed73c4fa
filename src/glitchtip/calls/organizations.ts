import { organizationPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { organizationShape } from "../wire/shapes.ts";

const ALL = "/api/0/organizations/";

export const organizationCalls = (requests: Requests) => ({
  list: () => requests.list(ALL, organizationShape),
  /** A duplicate name is no error: it makes a second one (organizations scenario). */
  create: (name: string) => requests.post(ALL, { name }, organizationShape),
  /** The slug stays. */
  rename: (slug: string, name: string) =>
    requests.put(organizationPath(slug), { name }, organizationShape, { harmless: true }),
  /** In 6 the slug stays taken until a worker has removed it (read). */
  delete: (slug: string) => requests.delete(organizationPath(slug)),
});
