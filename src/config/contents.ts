import type { Declaration } from "./schema.ts";

type Server = NonNullable<Declaration["servers"]>[string];
export type ProjectDeclaration = Declaration["projects"][string];
export type AlertDeclaration = NonNullable<ProjectDeclaration["alerts"]>[number];
export type RecipientDeclaration = AlertDeclaration["recipients"][number];
export type MonitorDeclaration = NonNullable<ProjectDeclaration["monitors"]>[number];

type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined };
export type OrganizationDeclaration = Maybe<NonNullable<Server["organizations"]>[string]>;

/** The keys and indices that lead to a value in the declaration. */
export type KeyPath = readonly PropertyKey[];

/** What a declaration says of one server: at its top, or in `servers`. */
export interface ServerPart {
  readonly path: KeyPath;
  /** Its key in `servers`; undefined for the server at the top. */
  readonly name: string | undefined;
  readonly connection: Connection;
  readonly body: ServerContents;
}

/** How a server is reached. */
type Connection = Maybe<
  Pick<Server, "url" | "token" | "ca" | "timeoutMs" | "retries" | "jiraBridge" | "allowPrivateAddresses">
>;

/** What a server holds: its organizations, and which kinds of things are managed. */
export type ServerContents = Pick<
  Maybe<Server>,
  "organization" | "organizations" | "teams" | "members" | "monitors" | "statusPages" | "projects" | "manage" | "prune"
>;

/** The part of a declaration that is about the contents of servers. */
export type DeclaredContents = ServerContents & {
  readonly server?: Connection;
  readonly servers?: Readonly<Record<string, ServerContents & Connection>> | undefined;
};

/** What a declaration says of one organization. */
export interface OrganizationPart {
  readonly path: KeyPath;
  readonly name: string;
  readonly body: OrganizationDeclaration;
}

/** Returns the servers of a declaration: those of `servers`, else the one at the top. */
export function serverParts(declaration: DeclaredContents): ServerPart[] {
  const { servers, server = {} } = declaration;
  if (servers === undefined) return [{ path: [], name: undefined, connection: server, body: declaration }];
  return Object.entries(servers).map(([name, one]) => ({
    path: ["servers", name],
    name,
    connection: one,
    body: one,
  }));
}

/** Returns the organizations of a server: the one whose contents stand beside its name, and those of `organizations`. */
export function organizationParts({ path, body }: Pick<ServerPart, "path" | "body">): OrganizationPart[] {
  const { organization, organizations = {}, teams, members, monitors, statusPages, projects } = body;
  return [
    ...(organization === undefined
      ? []
      : [{ path, name: organization, body: { teams, members, monitors, statusPages, projects } }]),
    ...Object.entries(organizations).map(([name, one]) => ({
      path: [...path, "organizations", name],
      name,
      body: one,
    })),
  ];
}
