import { KeyReader, present } from "../imported.ts";
import { append, type Context, leaveRest, organizationOf, variable } from "./context.ts";
import type { Resource } from "./state.ts";

export function readMonitor(
  { address, attributes, isSensitive }: Resource,
  { organizations, left, secrets }: Context,
): void {
  const keys = new KeyReader(attributes).ignore("id", "is_up", "created");
  const organization = organizations.of(organizationOf(keys));
  const type = keys.text("monitor_type");
  const url = keys.text("url");
  const hidden = url !== undefined && isSensitive(["url"]);
  const name = keys.text("name") ?? "";
  const reference = `env:${variable("MONITOR", name, "URL")}`;
  if (hidden) secrets.push({ reference, of: `${address}: url` });
  const monitor = present({
    name,
    type,
    url: hidden ? reference : url,
    intervalSeconds: keys.number("interval"),
    timeoutSeconds: keys.number("timeout"),
    expectedStatus:
      type === "Heartbeat" || type === "SSL" || type === "TCP Port" ? undefined : keys.number("expected_status"),
    expectedBody: keys.text("expected_body"),
  });
  keys.ignore("expected_status");
  const threshold = keys.number("confirmation_threshold") ?? 1;
  if (threshold !== 1)
    left.push({
      where: `${address}: confirmation_threshold`,
      why: `${threshold} has no place in the declaration; it stays as it is`,
    });
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
