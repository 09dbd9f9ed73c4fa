import { defined } from "../../../base/defined.ts";
import { JIRA_ALERT } from "../../../config/contents-checks.ts";
import { slugify } from "../../../glitchtip/wire/slugify.ts";
import { jiraTargets } from "../../../reconcile/index.ts";
import { KeyReader } from "../imported.ts";
import type { DataFile, DataFiles } from "./files.ts";
import { type Told, vaultReference } from "./instance.ts";

export interface FoundProject {
  readonly path: string;
  readonly instance: string;
  readonly organization: string;
  readonly key: string;
  readonly declared: Readonly<Record<string, unknown>>;
}

/** Keys of app-interface that mean nothing to GlitchTip. */
const NOT_OURS = ["$schema", "labels", "description", "app", "namespaces"];

/** Reads a file of the schema `/glitchtip/project-1.yml`. */
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
  const declared = defined({
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

/** Follows a reference to an object with a name. */
function named(files: DataFiles, value: unknown) {
  const found = files.follow(value);
  if (found === undefined) return undefined;
  const keys = new KeyReader(found.value);
  return { keys, name: keys.text("name") };
}

/** Returns the alerts; undefined where the key is missing, which with `manage: alerts` means none. */
export function readAlerts(path: string, value: unknown, told: Told): object[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names = new Set<string>();
  return value.map((one: unknown, i) => {
    const keys = new KeyReader(one);
    const name = keys.text("name") ?? "";
    const at = `alerts[${i}]`;
    if (name === "") told.problem(path, `${at}: name is missing`);
    if (name === JIRA_ALERT) told.problem(path, `'${JIRA_ALERT}' alert name is reserved. Please use another name.`);
    if (names.has(name)) told.problem(path, `two alerts are called "${name}"`);
    names.add(name);
    const alert = defined({
      name,
      description: keys.text("description"),
      quantity: keys.number("quantity"),
      timespanMinutes: keys.number("timespanMinutes"),
      recipients: keys
        .list("recipients")
        .map((recipient, j) => readRecipient(path, `${at}.recipients[${j}]`, recipient, told)),
    });
    told.leaveRest(path, at, keys);
    return alert;
  });
}

function readRecipient(path: string, at: string, value: unknown, told: Told): object {
  const keys = new KeyReader(value);
  const provider = keys.text("provider") ?? "";
  const url = keys.text("url");
  const secret = vaultReference(keys.get("urlSecret"), `${path}: ${at}.urlSecret`, told);
  told.leaveRest(path, at, keys);
  // The schema of app-interface says `email-project-members`, its documentation `email`.
  if (provider === "email" || provider === "email-project-members") {
    if (url !== undefined) told.problem(path, `${at}: url must be empty for email recipients`);
    return { type: "email" };
  }
  if (provider !== "webhook")
    told.problem(path, `${at}: "${provider}" is no provider: email, email-project-members or webhook`);
  else if (url === undefined && secret === undefined)
    told.problem(path, `${at}: url or urlSecret must be set for webhook recipient`);
  // qontract-reconcile prefers the url, too.
  if (url !== undefined && secret !== undefined) told.leave(path, `${at}.urlSecret`, "is not used where url is set");
  return defined({ type: "webhook", url: url ?? secret });
}

/** Returns a project's `jira` with its references to the escalation policy and boards resolved. */
export function readJira(files: DataFiles, path: string, value: unknown, told: Told): object | undefined {
  if (value === undefined || value === null) return undefined;
  const keys = new KeyReader(value);
  const project = keys.text("project");
  const referred = keys.get("escalationPolicy");
  const policy = referred === undefined ? undefined : files.follow(referred);
  if (referred !== undefined && policy === undefined) {
    told.problem(path, "jira.escalationPolicy: its file is not in the folder");
  } else if (project === undefined && policy === undefined) {
    told.problem(path, "Jira integration requires either project or escalation policy to be set");
  }
  const jira = defined({
    project,
    labels: keys.texts("labels"),
    components: keys.texts("components"),
    escalationPolicy: policy && { channels: readChannels(files, policy.path ?? path, policy.value, told) },
  });
  told.leaveRest(path, "jira", keys);
  if (project === undefined && policy !== undefined && jiraTargets(jira as object, { alertUrl: "" }).length === 0) {
    told.note(`${path.slice(1)}: no board of its escalation policy takes part, so there are no tickets`);
  }
  return jira;
}

function readChannels(files: DataFiles, path: string, policy: unknown, told: Told): object {
  const channels = new KeyReader(new KeyReader(policy).get("channels"));
  // Channels that GlitchTip cannot use.
  channels.ignore("email", "pagerduty", "slackUserGroup", "nextEscalationPolicy");
  const jiraBoard = channels.list("jiraBoard").flatMap((one, i) => {
    const board = files.follow(one);
    const keys = new KeyReader(board?.value);
    const name = keys.text("name");
    if (name === undefined) {
      told.problem(path, `jiraBoard[${i}]: its file is not in the folder, or has no name`);
      return [];
    }
    const integrations = new KeyReader(keys.get("disable")).texts("integrations");
    const disable = integrations === undefined ? undefined : { integrations };
    return [defined({ name, issueType: keys.text("issueType"), disable })];
  });
  const read = defined({
    jiraBoard,
    jiraComponents: channels.texts("jiraComponents"),
    jiraLabels: channels.texts("jiraLabels"),
  });
  told.leaveRest(path, "channels", channels);
  return read;
}
