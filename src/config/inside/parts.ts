import type { Declaration } from "../schema.ts";

type Server = NonNullable<Declaration["servers"]>[string];
type Organization = NonNullable<Server["organizations"]>[string];
export type ProjectDeclaration = Declaration["projects"][string];
export type AlertDeclaration = NonNullable<ProjectDeclaration["alerts"]>[number];
export type RecipientDeclaration = AlertDeclaration["recipients"][number];
export type MonitorDeclaration = NonNullable<ProjectDeclaration["monitors"]>[number];

type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined };

export type Path = readonly PropertyKey[];

/** What a declaration says of one server, wherever it stands. */
export interface ServerPart {
  readonly path: Path;
  /** In `servers`; undefined for the one at the top. */
  readonly name: string | undefined;
  readonly connection: Maybe<
    Pick<Server, "url" | "token" | "ca" | "timeoutMs" | "retries" | "jiraBridge" | "allowPrivateAddresses">
  >;
  readonly body: Pick<
    Maybe<Server>,
    | "organization"
    | "organizations"
    | "teams"
    | "members"
    | "monitors"
    | "statusPages"
    | "projects"
    | "manage"
    | "prune"
  >;
}

export interface OrganizationPart {
  readonly path: Path;
  readonly name: string;
  readonly body: Maybe<Organization>;
}

/** Of several servers, or of the one at the top. */
export function serverParts(declaration: Declaration): ServerPart[] {
  const { servers, server } = declaration;
  if (servers === undefined) return [{ path: [], name: undefined, connection: server, body: declaration }];
  return Object.entries(servers).map(([name, one]) => ({
    path: ["servers", name],
    name,
    connection: one,
    body: one,
  }));
}

/** The one whose parts stand beside its name, and those of the map. */
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
