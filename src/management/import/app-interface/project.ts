import { slugify } from "../../../glitchtip/wire/slugify.ts";
import { KeyReader, present } from "../imported.ts";
import { readAlerts } from "./alerts.ts";
import type { DataFile, DataFiles } from "./files.ts";
import { readJira } from "./jira.ts";
import type { Told } from "./told.ts";

export interface FoundProject {
  readonly path: string;
  readonly instance: string;
  readonly organization: string;
  readonly key: string;
  readonly declared: Readonly<Record<string, unknown>>;
}

/** Of app-interface, and without a meaning for GlitchTip. */
const NOT_OURS = ["$schema", "labels", "description", "app", "namespaces"];

/** `/glitchtip/project-1.yml` */
export function readProject(files: DataFiles, { path, value }: DataFile, told: Told): FoundProject | undefined {
  const keys = new KeyReader(value).ignore(...NOT_OURS);
  const name = keys.text("name");
  const organization = named(files, keys.get("organization"));
  const instance = named(files, organization?.keys.get("instance"))?.name;
  if (name === undefined) told.problem(path, "name is missing");
  if (organization?.name === undefined) told.problem(path, "organization is missing, or its file is not in the folder");
  else if (instance === undefined)
    told.problem(path, "organization.instance is missing, or its file is not in the folder");
  const slug = keys.text("projectId");
  const [team, ...more] = keys.list("teams").flatMap((one, i) => {
    const found = named(files, one)?.name;
    if (found === undefined) told.leave(path, `teams[${i}]`, "its file is not in the folder, or has no name");
    return found ?? [];
  });
  if (more.length > 0)
    told.leave(path, "teams", `a project is declared with one team, ${team}; not ${more.join(", ")}`);
  const declared = present({
    slug: slug === undefined || slug === slugify(name ?? "") ? undefined : slug,
    team: team === undefined ? undefined : slugify(team),
    platform: keys.text("platform"),
    throttle: keys.number("eventThrottleRate") || undefined,
    alerts: readAlerts(path, keys.get("alerts"), told),
    jira: readJira(files, path, keys.get("jira"), told),
  });
  told.leaveRest(path, "", keys);
  if (name === undefined || organization?.name === undefined || instance === undefined) return undefined;
  return { path, instance, organization: organization.name, key: name, declared };
}

/** What a reference to something with a name leads to. */
function named(files: DataFiles, value: unknown) {
  const found = files.follow(value);
  if (found === undefined) return undefined;
  const keys = new KeyReader(found.value);
  return { keys, name: keys.text("name") };
}
