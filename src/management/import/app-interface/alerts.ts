import { JIRA_ALERT } from "../../../config/inside/alert-checks.ts";
import { KeyReader, present } from "../imported.ts";
import { vaultReference } from "./secret.ts";
import type { Told } from "./told.ts";

/** Undefined where none are said: with `manage: alerts` that means none. */
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
    const alert = present({
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
  // The schema of the files has the longer word, the document the shorter one (project-alerts.md, D12).
  if (provider === "email" || provider === "email-project-members") {
    if (url !== undefined) told.problem(path, `${at}: url must be empty for email recipients`);
    return { type: "email" };
  }
  if (provider !== "webhook")
    told.problem(path, `${at}: "${provider}" is no provider: email, email-project-members or webhook`);
  else if (url === undefined && secret === undefined)
    told.problem(path, `${at}: url or urlSecret must be set for webhook recipient`);
  // The url wins there, too.
  if (url !== undefined && secret !== undefined) told.leave(path, `${at}.urlSecret`, "is not used where url is set");
  return present({ type: "webhook", url: url ?? secret });
}
