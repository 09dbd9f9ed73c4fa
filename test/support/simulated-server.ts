import { slugify } from "../../src/glitchtip/wire/slugify.ts";
import type { Action } from "../../src/reconcile/action.ts";
import type {
  ObservedAlert,
  ObservedKey,
  ObservedMember,
  ObservedMonitor,
  ObservedOrganization,
  ObservedProject,
  ObservedRecipient,
  ObservedServer,
  ObservedStatusPage,
  ObservedTeam,
} from "../../src/reconcile/observed.ts";
import { clearText } from "../../src/reconcile/recipients.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Project extends Mutable<Omit<ObservedProject, "keys" | "alerts">> {
  keys: ObservedKey[];
  alerts: ObservedAlert[];
}
interface Organization extends Mutable<Omit<ObservedOrganization, "projects">> {
  teams: ObservedTeam[];
  members: ObservedMember[];
  monitors: ObservedMonitor[];
  statusPages: ObservedStatusPage[];
  projects: Project[];
}

type Of<K extends Action["kind"], T extends Action["type"]> = Extract<Action, { kind: K; type: T }>;

/** Carries a plan out on a server that is only data, one action after the other, as GlitchTip would. */
export function carryOut(observed: ObservedServer, actions: readonly Action[], tellsTags: boolean): ObservedServer {
  let nextId = 1000;
  const newId = () => String(nextId++);
  const organizations = observed.organizations.map((one) => structuredClone(one) as Organization);
  const made = new Map<string, Project>();

  const organizationOf = ({ at, organization }: Action): Organization => {
    const found = organizations.find(({ slug, name }) =>
      at.organizationSlug === undefined ? name === organization : slug === at.organizationSlug,
    );
    if (found === undefined) throw new Error(`no organization ${organization}`);
    return found;
  };
  const projectOf = (action: Action): Project => {
    const { projects } = organizationOf(action);
    const found =
      action.at.projectId === undefined
        ? made.get(`${action.organization}/${action.project}`)
        : projects.find(({ id }) => id === action.at.projectId);
    if (found === undefined) throw new Error(`no project ${action.project}`);
    return found;
  };
  const without = <T extends { id: string }>(list: T[], id: string): T[] => {
    if (!list.some((one) => one.id === id)) throw new Error(`nothing of number ${id}`);
    return list.filter((one) => one.id !== id);
  };
  const recipientsOf = (
    { desired }: Of<"alert", "create" | "update">,
    before: readonly ObservedRecipient[],
  ): ObservedRecipient[] => {
    const keys = desired.recipients.map(({ type, url }) => `${type} ${clearText(url)}`);
    if (new Set(keys).size < keys.length) throw new Error("500: a recipient is there twice");
    return desired.recipients.map(({ type, url, tagsToAdd, zulip }) => {
      const there = before.find((one) => one.type === type && one.url === clearText(url));
      if (there?.tagsToAdd && tagsToAdd && String(there.tagsToAdd) !== String(tagsToAdd)) {
        throw new Error("500: the tags of a recipient cannot change");
      }
      return {
        type,
        url: clearText(url),
        ...(tellsTags ? { tagsToAdd: tagsToAdd ?? there?.tagsToAdd ?? [] } : {}),
        ...(zulip === undefined ? {} : { config: { ...zulip, apiKey: zulip.apiKey.reveal() } }),
      };
    });
  };
  const alertOf = (action: Of<"alert", "create" | "update">, id: string, before: readonly ObservedRecipient[]) => {
    const { name, timespanMinutes, quantity, uptime } = action.desired;
    return { id, name, timespanMinutes, quantity, uptime, recipients: recipientsOf(action, before) };
  };
  const monitorOf = (action: Of<"monitor", "create" | "update">, id: string): ObservedMonitor => ({
    ...action.desired,
    id,
    url: clearText(action.desired.url),
    projectId: action.project === undefined ? null : projectOf(action).id,
  });

  const createProject = (organization: Organization, action: Of<"project", "create">): void => {
    const { name, slug = slugify(name), team, platform = null, throttle = 0 } = action.desired;
    if (!organization.teams.some((one) => one.slug === team)) throw new Error(`404: no team ${team}`);
    const taken = organization.projects.some((one) => one.slug === slug);
    const project: Project = {
      id: newId(),
      slug: taken ? `${slug}-${nextId}` : slug,
      name,
      dateCreated: "now",
      throttle,
      platform,
      teams: [team],
      keys: [{ id: newId(), label: "", rateLimit: null }],
      alerts: [],
    };
    organization.projects.push(project);
    made.set(`${action.organization}/${action.project}`, project);
  };
  const updateProject = (organization: Organization, action: Of<"project", "update">): void => {
    const project = projectOf(action);
    const { name, slug = project.slug, platform = null, throttle = project.throttle, linkTeams } = action.desired;
    Object.assign(project, { name, platform, throttle, teams: [...project.teams, ...linkTeams] });
    if (slug === project.slug) return;
    if (organization.projects.some((one) => one.slug === slug)) throw new Error("500: the slug is taken");
    project.slug = slug;
  };
  const updateMember = (organization: Organization, action: Of<"member", "update">): void => {
    const { role, join, leave } = action.desired;
    organization.members = organization.members.map((member) => {
      if (member.id !== action.id) return member;
      const teams = [...(member.teams ?? []), ...join].filter((slug) => !leave.includes(slug));
      return { ...member, role: role ?? member.role, teams };
    });
  };

  /** What the server does with an action of each kind. */
  const carryOutKind: { readonly [K in Action["kind"]]: (action: Extract<Action, { kind: K }>) => void } = {
    organization(action) {
      const place = organizations.findIndex(({ slug }) => slug === action.at.organizationSlug);
      if (action.type === "delete") organizations.splice(place, 1);
      else if (action.type === "update") organizationOf(action).name = action.desired.name;
      else {
        const { name } = action.desired;
        const empty = { teams: [], members: [], monitors: [], statusPages: [], projects: [] };
        organizations.push({ id: newId(), slug: `${slugify(name)}-${nextId}`, name, dateCreated: "now", ...empty });
      }
    },
    team(action) {
      const organization = organizationOf(action);
      if (action.type === "delete") organization.teams = without(organization.teams, action.id);
      else organization.teams.push({ id: newId(), slug: action.desired.slug });
    },
    member(action) {
      const organization = organizationOf(action);
      if (action.type === "delete") organization.members = without(organization.members, action.id);
      else if (action.type === "update") updateMember(organization, action);
      else organization.members.push({ id: newId(), pending: true, ...action.desired });
    },
    statusPage(action) {
      if (action.type !== "create") throw new Error("the API cannot do that");
      organizationOf(action).statusPages.push({ ...action.desired, slug: slugify(action.desired.name) });
    },
    monitor(action) {
      const organization = organizationOf(action);
      if (action.type !== "create") organization.monitors = without(organization.monitors, action.id);
      if (action.type === "create") organization.monitors.push(monitorOf(action, newId()));
      if (action.type === "update") organization.monitors.push(monitorOf(action, action.id));
    },
    project(action) {
      const organization = organizationOf(action);
      if (action.type === "delete") organization.projects = without(organization.projects, action.id);
      else if (action.type === "create") createProject(organization, action);
      else updateProject(organization, action);
    },
    key(action) {
      const project = projectOf(action);
      if (action.type === "delete") project.keys = without(project.keys, action.id);
      if (action.type !== "create") return;
      const { label, rateLimit = null } = action.desired;
      project.keys.push({ id: newId(), label, rateLimit });
    },
    alert(action) {
      const project = projectOf(action);
      const before = project.alerts.find(({ id }) => action.type !== "create" && id === action.id);
      if (action.type !== "create") project.alerts = without(project.alerts, action.id);
      if (action.type === "create") project.alerts.push(alertOf(action, newId(), []));
      if (action.type !== "update") return;
      const anew = action.desired.anew === true;
      project.alerts.push(alertOf(action, anew ? newId() : action.id, anew ? [] : (before?.recipients ?? [])));
    },
  };
  const one = <A extends Action>(action: A): void => (carryOutKind[action.kind] as (action: A) => void)(action);
  for (const action of actions) one(action);
  return { ...observed, organizations };
}
