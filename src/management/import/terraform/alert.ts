import { JIRA_ALERT } from "../../../config/inside/alert-checks.ts";
import { KeyReader, present } from "../imported.ts";
import { append, type Context, leaveRest, projectOf, variable } from "./context.ts";
import type { Resource } from "./state.ts";

export function readAlert({ address, attributes, isSensitive }: Resource, context: Context): void {
  const { left, secrets } = context;
  const keys = new KeyReader(attributes);
  const id = String(keys.get("id") ?? "");
  const project = projectOf(keys, context);
  const name = keys.text("name");
  // Its address holds the bridge's token, and the name is reserved: it comes back by a project's `jira`.
  if (name === JIRA_ALERT) {
    left.push({
      where: address,
      why: `posts to a Jira bridge, which a project's \`jira\` declares: glitchtip-compose pull writes it down`,
    });
    return;
  }
  const key = keys.get("alert_recipients") === undefined ? "recipients" : "alert_recipients";
  const recipients = keys.list(key).map((one, i) => {
    const recipient = new KeyReader(one);
    const type = recipient.text("recipient_type") ?? recipient.text("type");
    const url = recipient.text("url");
    const hidden = url !== undefined && isSensitive([key, i, "url"]);
    const reference = `env:${variable(project.key, name ?? "", type ?? "", i === 0 ? "" : String(i + 1), "URL")}`;
    if (hidden) secrets.push({ reference, of: `${address}: ${key}[${i}].url` });
    const tagsToAdd = recipient.texts("tags_to_add");
    leaveRest(recipient, `${address}: ${key}[${i}]`, left);
    return present({ type, url: hidden ? reference : url, tagsToAdd });
  });
  const alert = present({
    name,
    quantity: keys.number("quantity"),
    timespanMinutes: keys.number("timespan_minutes"),
    uptime: keys.get("uptime") === true ? true : undefined,
    recipients,
  });
  if (name === undefined)
    left.push({
      where: address,
      why: `alert ${id} has no name, and alerts are declared by their names; give it one, then import again`,
    });
  else append(project, "alerts", alert);
  leaveRest(keys, address, left);
}
