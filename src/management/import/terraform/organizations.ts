import type { Identity } from "../../../glitchtip/identity.ts";
import type { ImportedOrganization, ImportedProject } from "../imported.ts";

export interface MutableProject {
  readonly key: string;
  readonly id: string;
  identity?: Identity | undefined;
  readonly declared: Record<string, unknown>;
}

interface MutableOrganization {
  readonly slug: string;
  name: string | undefined;
  identity?: Identity | undefined;
  teams: string[] | undefined;
  readonly teamIds: Record<string, string>;
  members: object[] | undefined;
  monitors: object[] | undefined;
  readonly projects: Map<string, MutableProject>;
}

/** Organizations that are put together from resources that refer to each other by slugs. */
export class Organizations {
  readonly #bySlug = new Map<string, MutableOrganization>();

  of(slug: string): MutableOrganization {
    const known = this.#bySlug.get(slug);
    if (known !== undefined) return known;
    const made: MutableOrganization = {
      slug,
      name: undefined,
      teams: undefined,
      teamIds: {},
      members: undefined,
      monitors: undefined,
      projects: new Map(),
    };
    this.#bySlug.set(slug, made);
    return made;
  }

  /** Stores an organization's name and identity, from a resource or a data source. */
  learn({ slug, name, id, date_created: dateCreated }: Readonly<Record<string, unknown>>): void {
    if (typeof slug !== "string" || slug === "") return;
    const organization = this.of(slug);
    if (typeof name === "string" && name !== "") organization.name = name;
    if (typeof dateCreated === "string" && dateCreated !== "") {
      organization.identity = { id: String(id), slug, dateCreated };
    }
  }

  /** Adds a project. Its key in the declaration is its name, or its slug where the name is taken. */
  addProject(organization: string, slug: string, project: Omit<MutableProject, "key">, name: string): void {
    const { projects } = this.of(organization);
    const taken = [...projects.values()].some(({ key }) => key === name);
    const declared = taken ? { name, ...project.declared } : project.declared;
    projects.set(slug, { ...project, key: taken ? slug : name, declared });
  }

  all(): ImportedOrganization[] {
    return [...this.#bySlug.values()]
      .filter(
        ({ teams, members, monitors, projects, identity }) =>
          teams || members || monitors || projects.size > 0 || identity,
      )
      .map(({ slug, name = slug, identity, teams, teamIds, members, monitors, projects }) => ({
        name,
        slug,
        identity,
        teams: teams?.sort(),
        teamIds,
        members,
        monitors,
        projects: [...projects.values()].map(
          ({ key, identity: one, declared }): ImportedProject => ({ key, identity: one, declared }),
        ),
      }));
  }
}
