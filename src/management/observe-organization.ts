import {
  type DesiredOrganization,
  needsTeamList,
  type ObservedMember,
  type ObservedOrganization,
  type ObservedTeam,
  observedMember,
  observedMonitor,
  observedStatusPage,
} from "../reconcile/index.ts";
import type { ServerContext } from "./context.ts";
import type { Growing } from "./observe.ts";
import type { Pool } from "./pool.ts";
import type { Problems } from "./problems.ts";
import type { Asks } from "./wanted.ts";

/** What an organization has beside its projects, as far as it is declared. Its projects have been read. */
export function readOrganization(
  context: ServerContext,
  { manages, everything }: Asks,
  observed: Growing<ObservedOrganization>,
  declared: DesiredOrganization | undefined,
  pool: Pool,
  problems: Problems,
): void {
  const { calls } = context;
  const { slug, name: organization } = observed;
  const monitors =
    everything || (declared && [declared, ...declared.projects].some((one) => one.monitors !== undefined));
  const members = manages("member") && (everything || declared?.members !== undefined);
  const memberships = members && (everything || declared?.members?.some(({ teams }) => teams !== undefined) === true);
  pool.add(() =>
    problems.collect({ organization, kind: "team" }, async () => {
      const needed =
        everything ||
        memberships ||
        (declared !== undefined && needsTeamList(declared, observed.projects ?? [], manages));
      if (!needed) return;
      observed.teams = (await calls.teams.list(slug)).map((team): ObservedTeam => ({ id: team.id, slug: team.slug }));
    }),
  );
  if (members) {
    pool.add(() =>
      problems.collect({ organization, kind: "member" }, async () => {
        const all = (await calls.members.list(slug)).map(observedMember);
        observed.members = memberships ? await withTeams(context, slug, all) : all;
      }),
    );
  }
  if (manages("monitor") && monitors) {
    pool.add(() =>
      problems.collect({ organization, kind: "monitor" }, async () => {
        observed.monitors = (await calls.monitors.list(slug)).map(observedMonitor);
      }),
    );
  }
  if (manages("statusPage") && (everything || declared?.statusPages !== undefined)) {
    pool.add(() =>
      problems.collect({ organization, kind: "statusPage" }, async () => {
        const pages = (await calls.statusPages.list(slug)).map(observedStatusPage);
        observed.statusPages = pages.filter(({ organizationId = observed.id }) => organizationId === observed.id);
      }),
    );
  }
}

/** The list of members does not tell their teams, and the list of teams not their members: each team is asked. */
async function withTeams(
  { calls }: ServerContext,
  organization: string,
  members: readonly ObservedMember[],
): Promise<ObservedMember[]> {
  const teams = await calls.teams.list(organization);
  const inTeam = await Promise.all(
    teams.map(async ({ slug }) => {
      const ids = (await calls.teams.members(organization, slug)).map(({ id }) => id);
      return { slug, ids: new Set(ids) };
    }),
  );
  return members.map((member) => ({
    ...member,
    teams: inTeam.filter(({ ids }) => ids.has(member.id)).map(({ slug }) => slug),
  }));
}
