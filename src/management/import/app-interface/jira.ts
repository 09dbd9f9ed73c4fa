import { jiraTargets } from "../../../reconcile/index.ts";
import { KeyReader, present } from "../imported.ts";
import type { DataFiles } from "./files.ts";
import type { Told } from "./told.ts";

/** A project's `jira`, with the escalation policy and its boards in the place of references to them. */
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
  const jira = present({
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
  // Of people who are called by other ways: nothing that GlitchTip could do.
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
    return [present({ name, issueType: keys.text("issueType"), disable })];
  });
  const read = present({
    jiraBoard,
    jiraComponents: channels.texts("jiraComponents"),
    jiraLabels: channels.texts("jiraLabels"),
  });
  told.leaveRest(path, "channels", channels);
  return read;
}
