import { normalUrl } from "../../glitchtip/wire/url.ts";
import { present } from "../salvage.ts";
import type { Problem } from "../server.ts";
import type { AlertDeclaration, Path, ProjectDeclaration, RecipientDeclaration } from "./parts.ts";

/** The alert that the Jira bridge is called by. */
export const JIRA_ALERT = "Glitchtip-Jira-Bridge-Integration";

/** The words of the tool that these declarations come from, where it has some. */
const RESERVED = `'${JIRA_ALERT}' alert name is reserved. Please use another name.`;
export const DOUBLE_URL =
  "Glitchtip project alert webhook URLs must be unique across a project. Do not trigger the same webhook twice.";
const NO_JIRA = "Jira integration requires either project or escalation policy to be set";

const ZULIP = ["botEmail", "apiKey", "channel", "topic"] as const;

/** Names and addresses of a project's alerts, and its Jira bridge. */
export function alertChecks({ alerts, jira }: ProjectDeclaration, path: Path): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [at, alert] of present(alerts)) {
    const add = ({ path: inAlert, what }: Problem) =>
      problems.push({ path: [...path, "alerts", at, ...inAlert], what });
    if (alert.name === JIRA_ALERT) add({ path: ["name"], what: RESERVED });
    for (const problem of numberProblems(alert)) add(problem);
    for (let place = 0; place < alert.recipients.length; place++) {
      const recipient = alert.recipients[place];
      if (recipient === undefined) continue;
      for (const { path: inside, what } of recipientProblems(recipient))
        add({ path: ["recipients", place, ...inside], what });
      const url = normalUrl(recipient.url ?? "");
      if (recipient.type === "email" || url === "") continue;
      const other = seen.get(url);
      if (other !== undefined)
        add({ path: ["recipients", place, "url"], what: `${DOUBLE_URL} Alert "${other}" has it.` });
      seen.set(url, alert.name);
    }
  }
  if (jira !== undefined && jira.project === undefined && jira.escalationPolicy === undefined) {
    problems.push({ path: [...path, "jira"], what: NO_JIRA });
  }
  return problems;
}

/** An alert for numbers of events has both; without them only one that says something of uptime is meant. */
function numberProblems({ uptime, quantity, timespanMinutes }: AlertDeclaration): Problem[] {
  if (uptime !== undefined && quantity === undefined && timespanMinutes === undefined) return [];
  const missing = (key: string) => ({ path: [key], what: "is missing" });
  return [
    ...(quantity === undefined ? [missing("quantity")] : []),
    ...(timespanMinutes === undefined ? [missing("timespanMinutes")] : []),
  ];
}

function recipientProblems(recipient: RecipientDeclaration): Problem[] {
  const { type, url } = recipient;
  const problems: Problem[] = [];
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
