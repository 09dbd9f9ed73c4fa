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

const ZULIP = ["botEmail", "apiKey", "channel"] as const;

/** Names and addresses of a project's alerts, and its Jira bridge. */
export function alertChecks({ alerts, jira }: ProjectDeclaration, path: Path): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [at, alert] of present(alerts)) {
    const here = [...path, "alerts", at];
    if (alert.name === JIRA_ALERT) problems.push({ path: [...here, "name"], what: RESERVED });
    problems.push(...numberProblems(alert, here));
    const own = new Set<string>();
    for (const [place, recipient] of alert.recipients.entries()) {
      const there = [...here, "recipients", place];
      problems.push(...recipientProblems(recipient, there));
      const url = normalUrl(recipient.url ?? "");
      if (recipient.type === "email" || url === "") continue;
      const other = own.has(url) ? alert.name : seen.get(url);
      if (other !== undefined)
        problems.push({ path: [...there, "url"], what: `${DOUBLE_URL} Alert "${other}" has it.` });
      own.add(url);
      seen.set(url, alert.name);
    }
  }
  if (jira !== undefined && jira.project === undefined && jira.escalationPolicy === undefined) {
    problems.push({ path: [...path, "jira"], what: NO_JIRA });
  }
  return problems;
}

/** An alert for numbers of events has both; without them only one that says something of uptime is meant. */
function numberProblems(alert: AlertDeclaration, path: Path): Problem[] {
  if (alert.uptime !== undefined && alert.quantity === undefined && alert.timespanMinutes === undefined) return [];
  return (["quantity", "timespanMinutes"] as const)
    .filter((key) => alert[key] === undefined)
    .map((key) => ({ path: [...path, key], what: "is missing" }));
}

function recipientProblems(recipient: RecipientDeclaration, path: Path): Problem[] {
  const { type, url } = recipient;
  const problem = (key: string, what: string): Problem => ({ path: [...path, key], what });
  const address =
    type === "email"
      ? url
        ? [problem("url", "url must be empty for email recipients")]
        : []
      : url
        ? []
        : [problem("url", `url must be set for ${type} recipients`)];
  const zulip = [...ZULIP, "topic" as const].flatMap((key) => {
    if (type !== "zulip" && recipient[key] !== undefined) return [problem(key, `is for zulip recipients, not ${type}`)];
    const missing = type === "zulip" && key !== "topic" && recipient[key] === undefined;
    return missing ? [problem(key, "must be set for zulip recipients")] : [];
  });
  return [...address, ...zulip];
}
