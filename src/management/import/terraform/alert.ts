import { defined } from "../../../base/defined.ts";
import { JIRA_ALERT } from "../../../config/contents-checks.ts";
import { KeyReader } from "../imported.ts";
import { append, type Context, environmentVariable, leaveRest, organizationOf, projectOf } from "./resources.ts";
import type { Resource } from "./state.ts";

export function importAlert({ address, attributes, isSensitive }: Resource, context: Context): void {
  const { left, secrets } = context;
  const keys = new KeyReader(attributes);
  const id = String(keys.get("id") ?? "");
  const project = projectOf(keys, context);
  const name = keys.text("name");
  // The alert's URL holds the bridge's token, and its name is reserved. `pull` declares it as a project's `jira`.
  if (name === JIRA_ALERT) {
    left.push({
      where: address,
      why: `posts to a Jira bridge, which a project's \`jira\` declares: npx glitchtip-compose pull writes it down`,
    });
    return;
  }
  const key = keys.get("alert_recipients") === undefined ? "recipients" : "alert_recipients";
  const recipients = keys.list(key).map((one, i) => {
    const recipient = new KeyReader(one);
    const type = recipient.text("recipient_type") ?? recipient.text("type");
    const url = recipient.text("url");
    const hidden = url !== undefined && isSensitive([key, i, "url"]);
    const reference = `env:${environmentVariable(project.key, name ?? "", type ?? "", i === 0 ? "" : String(i + 1), "URL")}`;
    if (hidden) secrets.push({ reference, of: `${address}: ${key}[${i}].url` });
    const tagsToAdd = recipient.texts("tags_to_add");
    leaveRest(recipient, `${address}: ${key}[${i}]`, left);
    return defined({ type, url: hidden ? reference : url, tagsToAdd });
  });
  const alert = defined({
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

export function importMonitor(
  { address, attributes, isSensitive }: Resource,
  { organizations, left, secrets }: Context,
): void {
  const keys = new KeyReader(attributes).ignore("id", "is_up", "created");
  const organization = organizations.of(organizationOf(keys));
  const type = keys.text("monitor_type");
  const url = keys.text("url");
  const hidden = url !== undefined && isSensitive(["url"]);
  const name = keys.text("name") ?? "";
  const reference = `env:${environmentVariable("MONITOR", name, "URL")}`;
  if (hidden) secrets.push({ reference, of: `${address}: url` });
  // The default of the provider; generations before 6 know no other.
  const threshold = keys.number("confirmation_threshold") ?? 1;
  const monitor = defined({
    name,
    type,
    url: hidden ? reference : url,
    intervalSeconds: keys.number("interval"),
    timeoutSeconds: keys.number("timeout"),
    expectedStatus:
      type === "Heartbeat" || type === "SSL" || type === "TCP Port" ? undefined : keys.number("expected_status"),
    expectedBody: keys.text("expected_body"),
    confirmationThreshold: threshold === 1 ? undefined : threshold,
  });
  keys.ignore("expected_status");
  const projectId = String(keys.get("project_id") ?? "");
  const project = [...organization.projects.values()].find(({ id }) => id !== "" && id === projectId);
  if (project !== undefined) append(project, "monitors", monitor);
  else {
    if (projectId !== "")
      left.push({
        where: `${address}: project_id`,
        why: `no project of this state has the id ${projectId}; it is declared for the organization`,
      });
    organization.monitors = [...(organization.monitors ?? []), monitor];
  }
  leaveRest(keys, address, left);
}
