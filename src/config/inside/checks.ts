import { slugify } from "../../glitchtip/wire/slugify.ts";
import { present } from "../salvage.ts";
import { monitorUrlProblem } from "../schema/inside/monitor.ts";
import type { Declaration } from "../schema.ts";
import type { Problem } from "../server.ts";
import { alertChecks } from "./alert-checks.ts";
import {
  type MonitorDeclaration,
  type OrganizationPart,
  organizationParts,
  type Path,
  type ProjectDeclaration,
  serverParts,
} from "./parts.ts";

/** What no single field of a server's inside shows: doubles, and what one kind of thing wants or cannot have. */
export const insideChecks = (declaration: Declaration): Problem[] =>
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

/** For the commands that look into servers. */
export function serversChecks(declaration: Declaration): Problem[] {
  const { servers } = declaration;
  const beside = (["organization", "organizations", "teams", "members", "monitors", "statusPages", "manage"] as const)
    .filter((key) => servers !== undefined && declaration[key] !== undefined)
    .map((key) => ({ path: [key], what: "stands in each of `servers`, not beside them", atKey: true }));
  const homeless = serverParts(declaration).flatMap((server) => {
    if (organizationParts(server).length > 0) return [];
    const what = "says of no organization; state `organization`, or `organizations`";
    return [{ path: server.path, what: server.path.length === 0 ? `the declaration ${what}` : what }];
  });
  return [...beside, ...homeless];
}

function organizationChecks({ path, body }: OrganizationPart): Problem[] {
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

function projectChecks(project: ProjectDeclaration, path: Path): Problem[] {
  const { alerts, keys, monitors } = project;
  return [
    ...(alerts === undefined ? [] : doubles(alerts, ({ name }) => name, [...path, "alerts"], "name")),
    ...(keys === undefined ? [] : doubles(keys, ({ label }) => label, [...path, "keys"], "label")),
    ...(monitors === undefined ? [] : monitorChecks(monitors, path)),
    ...alertChecks(project, path),
  ];
}

/** Each project that states an address which an earlier one has, or any by its name. */
function slugDoubles(projects: NonNullable<OrganizationPart["body"]["projects"]>, path: Path): Problem[] {
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

const monitorChecks = (monitors: readonly MonitorDeclaration[], path: Path): Problem[] => [
  ...doubles(monitors, ({ name }) => name, [...path, "monitors"], "name"),
  ...[...present(monitors)].flatMap(([at, { type, url, expectedStatus }]) => {
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
  path: Path,
  field?: string,
): Problem[] {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const [at, one] of present(list)) {
    const name = nameOf(one);
    if (seen.has(name)) {
      problems.push({ path: [...path, at, ...(field === undefined ? [] : [field])], what: `"${name}" is there twice` });
    }
    seen.add(name);
  }
  return problems;
}
