import { slugify } from "../glitchtip/wire/slugify.ts";
import { normalUrl } from "../glitchtip/wire/url.ts";
import {
  type AlertDeclaration,
  type DeclaredContents,
  type KeyPath,
  type MonitorDeclaration,
  type OrganizationPart,
  organizationParts,
  type ProjectDeclaration,
  type RecipientDeclaration,
  serverParts,
} from "./contents.ts";
import { monitorUrlProblem } from "./schema/organization.ts";
import type { Declaration } from "./schema.ts";
import type { DeclarationProblem } from "./server.ts";

/** Returns the problems of servers' contents that no single field shows: duplicates, and fields that depend on others. */
export const contentsChecks = (declaration: DeclaredContents): DeclarationProblem[] =>
  serverParts(declaration).flatMap((server) => {
    const organizations = organizationParts(server);
    const { organization } = server.body;
    const twice = organization !== undefined && Object.hasOwn(server.body.organizations ?? {}, organization);
    return [
      ...(twice
        ? [{ path: [...server.path, "organizations", organization], what: `"${organization}" is there twice` }]
        : []),
      ...organizations.flatMap(organizationChecks),
    ];
  });

/** Returns the problems that only the commands have which look into servers. */
export function serversChecks(declaration: Declaration): DeclarationProblem[] {
  const { servers } = declaration;
  const beside = (["organization", "organizations", "teams", "members", "monitors", "statusPages", "manage"] as const)
    .filter((key) => servers !== undefined && declaration[key] !== undefined)
    .map((key) => ({ path: [key], what: "stands in each of `servers`, not beside them", atKey: true }));
  const homeless = serverParts(declaration).flatMap((server) => {
    if (organizationParts(server).length > 0) return [];
    const what = "names no organization; state `organization`, or `organizations`";
    return [{ path: server.path, what: server.path.length === 0 ? `the declaration ${what}` : what }];
  });
  return [...beside, ...homeless];
}

function organizationChecks({ path, body }: OrganizationPart): DeclarationProblem[] {
  const { teams = [], members = [], monitors = [], statusPages = [], projects = {} } = body;
  return [
    ...doubles(teams, (slug) => slug, [...path, "teams"]),
    ...doubles(members, ({ email }) => email.toLowerCase(), [...path, "members"], "email"),
    ...doubles(statusPages, ({ name }) => name, [...path, "statusPages"], "name"),
    ...monitorChecks(monitors, path),
    ...slugDoubles(projects, path),
    ...Object.entries(projects).flatMap(([key, project]) => projectChecks(project, [...path, "projects", key])),
  ];
}

function projectChecks(project: ProjectDeclaration, path: KeyPath): DeclarationProblem[] {
  const { alerts, keys, monitors } = project;
  return [
    ...(alerts === undefined ? [] : doubles(alerts, ({ name }) => name, [...path, "alerts"], "name")),
    ...(keys === undefined ? [] : doubles(keys, ({ label }) => label, [...path, "keys"], "label")),
    ...(monitors === undefined ? [] : monitorChecks(monitors, path)),
    ...alertChecks(project, path),
  ];
}

/** A slug must differ from those of the projects before it, and from those that GlitchTip makes of names. */
function slugDoubles(projects: NonNullable<OrganizationPart["body"]["projects"]>, path: KeyPath): DeclarationProblem[] {
  const bySlug = new Map<string, { key: string; stated: string | undefined }[]>();
  for (const [key, { slug: stated, name = key }] of Object.entries(projects)) {
    const slug = stated ?? slugify(name);
    const all = bySlug.get(slug);
    if (all === undefined) bySlug.set(slug, [{ key, stated }]);
    else all.push({ key, stated });
  }
  return [...bySlug].flatMap(([slug, all]) =>
    all.flatMap(({ key, stated }, at) => {
      const other = stated === undefined ? undefined : all.find((one, place) => place < at || one.stated === undefined);
      return other === undefined
        ? []
        : [{ path: [...path, "projects", key, "slug"], what: `"${other.key}" has the slug "${slug}", too` }];
    }),
  );
}

const monitorChecks = (monitors: readonly MonitorDeclaration[], path: KeyPath): DeclarationProblem[] => [
  ...doubles(monitors, ({ name }) => name, [...path, "monitors"], "name"),
  ...[...presentEntries(monitors)].flatMap(([at, { type, url, expectedStatus }]) => {
    const here = [...path, "monitors", at];
    const what = monitorUrlProblem(type, url);
    const status = expectedStatus === null && (type === "GET" || type === "POST");
    return [
      ...(what === undefined ? [] : [{ path: [...here, "url"], what }]),
      ...(status ? [{ path: [...here, "expectedStatus"], what: `must be a number for ${type}` }] : []),
    ];
  }),
];

function doubles<T>(
  list: readonly (T | undefined)[],
  nameOf: (one: T) => string,
  path: KeyPath,
  field?: string,
): DeclarationProblem[] {
  const seen = new Set<string>();
  const problems: DeclarationProblem[] = [];
  for (const [at, one] of presentEntries(list)) {
    const name = nameOf(one);
    if (seen.has(name)) {
      problems.push({ path: [...path, at, ...(field === undefined ? [] : [field])], what: `"${name}" is there twice` });
    }
    seen.add(name);
  }
  return problems;
}

/** The name of the alert that calls the Jira bridge. */
export const JIRA_ALERT = "Glitchtip-Jira-Bridge-Integration";

/** The words of app-interface, whose declarations these rules come from. */
const RESERVED = `'${JIRA_ALERT}' alert name is reserved. Please use another name.`;
export const DOUBLE_URL =
  "Glitchtip project alert webhook URLs must be unique across a project. Do not trigger the same webhook twice.";
const NO_JIRA = "Jira integration requires either project or escalation policy to be set";

const ZULIP = ["botEmail", "apiKey", "channel", "topic"] as const;

function alertChecks({ alerts, jira }: ProjectDeclaration, path: KeyPath): DeclarationProblem[] {
  const seenUrls = new Map<string, string>();
  const problems = [...presentEntries(alerts)].flatMap(([at, alert]) => {
    const found: DeclarationProblem[] = alert.name === JIRA_ALERT ? [{ path: ["name"], what: RESERVED }] : [];
    found.push(...numberProblems(alert));
    for (const [i, recipient] of presentEntries(alert.recipients)) {
      const what = [...recipientProblems(recipient), ...doubleUrl(recipient, alert.name, seenUrls)];
      found.push(...what.map((problem) => ({ ...problem, path: ["recipients", i, ...problem.path] })));
    }
    return found.map((problem) => ({ ...problem, path: [...path, "alerts", at, ...problem.path] }));
  });
  const isEmptyJira = jira !== undefined && jira.project === undefined && jira.escalationPolicy === undefined;
  return isEmptyJira ? [...problems, { path: [...path, "jira"], what: NO_JIRA }] : problems;
}

/** Notes the address of a recipient, and returns a problem where an earlier alert of the project has the same one. */
function doubleUrl(
  { type, url }: RecipientDeclaration,
  alert: string,
  seen: Map<string, string>,
): DeclarationProblem[] {
  const normal = normalUrl(url ?? "");
  if (type === "email" || normal === "") return [];
  const other = seen.get(normal);
  seen.set(normal, alert);
  return other === undefined ? [] : [{ path: ["url"], what: `${DOUBLE_URL} Alert "${other}" has it.` }];
}

/** Returns the entries of a list with their indices, without the holes that a salvaged declaration has. */
function* presentEntries<T>(list: readonly (T | undefined)[] = []): Generator<[number, T]> {
  for (const [at, one] of list.entries()) if (one !== undefined) yield [at, one];
}

/** An alert has both numbers, or neither where it is about uptime only. */
function numberProblems({ uptime, quantity, timespanMinutes }: AlertDeclaration): DeclarationProblem[] {
  if (uptime !== undefined && quantity === undefined && timespanMinutes === undefined) return [];
  const missing = (key: string) => ({ path: [key], what: "is missing" });
  return [
    ...(quantity === undefined ? [missing("quantity")] : []),
    ...(timespanMinutes === undefined ? [missing("timespanMinutes")] : []),
  ];
}

function recipientProblems(recipient: RecipientDeclaration): DeclarationProblem[] {
  const { type, url } = recipient;
  const problems: DeclarationProblem[] = [];
  const problem = (key: string, what: string) => problems.push({ path: [key], what });
  if (type === "email" && url) problem("url", "url must be empty for email recipients");
  if (type !== "email" && !url) problem("url", `url must be set for ${type} recipients`);
  for (const key of ZULIP) {
    if (type !== "zulip" && recipient[key] !== undefined) problem(key, `is for zulip recipients, not ${type}`);
    if (type === "zulip" && key !== "topic" && recipient[key] === undefined)
      problem(key, "must be set for zulip recipients");
  }
  return problems;
}
