import { didYouMean } from "../../../base/did-you-mean.ts";
import { CodedError } from "../../../base/errors.ts";
import { type Imported, type ImportedOrganization, type ImportedServer, KeyReader } from "../imported.ts";
import { type DataFiles, readDataFiles } from "./files.ts";
import { readInstance, Told } from "./instance.ts";
import { type FoundProject, readProject } from "./project.ts";

const INSTANCE = "/glitchtip/instance";
const PROJECT = "/glitchtip/project";
const ORGANIZATION = "/glitchtip/organization";
const TEAM = "/glitchtip/team";
/** Files with these schemas are read where others name them. */
const OTHERS: readonly string[] = [ORGANIZATION, TEAM, "/app-sre/escalation-policy", "/dependencies/jira-board"];

/**
 * Imports the files that qontract-reconcile's GlitchTip integrations read: instances and projects, and what they refer
 * to. Throws with everything that cannot be taken over.
 */
export function importAppInterface(
  dir: string,
  { instance }: { readonly instance?: string | undefined } = {},
): Imported {
  const files = readDataFiles(dir);
  const told = new Told();
  const instances = files.of(INSTANCE).map((file) => readInstance(file, told));
  const projects = files.of(PROJECT).flatMap((file) => readProject(files, file, told) ?? []);
  leaveUnused(files, projects, told);
  if (instances.length === 0) {
    throw new CodedError("GC1102", `${dir} has no file with $schema: ${INSTANCE}-1.yml`, {
      remedy: "Give the folder with the instances and projects of app-interface.",
    });
  }
  const names = instances.map(({ name }) => name);
  if (instance !== undefined && !names.includes(instance)) {
    throw new CodedError("GC1001", `there is no instance "${instance}"${didYouMean(instance, names)}`, {
      remedy: `Give one of ${names.join(", ")}.`,
    });
  }
  for (const project of projects) {
    if (!names.includes(project.instance)) {
      told.problem(project.path, `there is no instance "${project.instance}"${didYouMean(project.instance, names)}`);
    }
  }
  twice(instances, ({ name }) => name, told);
  twice(projects, ({ instance, organization, key }) => `${instance}/${organization}/${key}`, told);
  told.throwProblems(dir);
  const servers = instances.flatMap((one): ImportedServer[] => {
    const its = projects.filter((project) => project.instance === one.name);
    if (instance !== undefined && one.name !== instance) return [];
    if (its.length === 0) {
      told.leave(one.path, "", "is an instance that no project names, so there is nothing to declare of it");
      return [];
    }
    const { path: _, ...server } = one;
    // This is what the integration managed: missing projects and organizations are reported, not created, and without
    // `alerts` there are none.
    return [{ ...server, manage: ["alerts"], organizations: organizationsOf(its) }];
  });
  if (servers.length === 0) {
    throw new CodedError("GC1102", `${dir} has no project of ${instance ?? "its instances"}`, {
      remedy: `Give the folder that has the projects, too: files with $schema: ${PROJECT}-1.yml`,
    });
  }
  told.note(
    "manage: alerts is what glitchtip-project-alerts-api looked after. It also deleted what is not declared: here that is prune: true",
  );
  return { servers, secrets: [], left: told.left, notes: told.notes };
}

/** Reports the files, keys and organizations that the import does not use. */
function leaveUnused(files: DataFiles, projects: readonly FoundProject[], told: Told): void {
  for (const { path, schema } of files.all) {
    if (schema === INSTANCE || schema === PROJECT || OTHERS.includes(schema)) continue;
    const why =
      schema === "" ? "is no file of app-interface: it has no $schema" : `${schema} is no schema of GlitchTip's`;
    told.leave(path, "", why);
  }
  for (const { path, value } of [ORGANIZATION, TEAM].flatMap(files.of)) {
    told.leaveRest(path, "", new KeyReader(value).ignore("$schema", "labels", "name", "description", "instance"));
  }
  for (const { path, value } of files.of(ORGANIZATION)) {
    const name = new KeyReader(value).text("name") ?? "";
    if (projects.some(({ organization }) => organization === name)) continue;
    told.leave(path, "", "is an organization that no project names");
  }
}

/** Reports an error for each object whose name another one has, too. */
function twice<T extends { readonly path: string }>(all: readonly T[], nameOf: (one: T) => string, told: Told): void {
  const first = new Map<string, T>();
  for (const one of all) {
    const other = first.get(nameOf(one));
    if (other !== undefined) told.problem(one.path, `"${nameOf(one)}" is in ${other.path.slice(1)}, too`);
    else first.set(nameOf(one), one);
  }
}

function organizationsOf(projects: readonly FoundProject[]): ImportedOrganization[] {
  const names = [...new Set(projects.map(({ organization }) => organization))].sort();
  return names.map((name) => ({
    name,
    projects: projects
      .filter(({ organization }) => organization === name)
      .map(({ key, declared }) => ({ key, declared }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  }));
}
