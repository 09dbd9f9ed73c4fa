import { laterFields } from "../body.ts";
import { endsHalfDone, intParam, type RouteCall } from "../call.ts";
import { gone, membership, projectAt, projectForLists, requireMembership } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { readRecipients, replaceRecipients, storeRecipients } from "../recipients.ts";
import { DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { AlertRow, ProjectRow } from "../rows.ts";
import type { World } from "../world.ts";

const WRITE = ["project:write", "project:admin"];
const MOST = 32_767;
const BODY: NonNullable<Endpoint["body"]> = {
  name: { type: "string", optional: true, nullable: true },
  alertRecipients: { type: "list", optional: true, nullable: true },
  timespanMinutes: { type: "integer", optional: true, nullable: true },
  quantity: { type: "integer", optional: true, nullable: true },
  uptime: { type: "boolean", optional: true },
};

/** Alerts of a project. There is no GET of one alert (alerts: "get one"). */
export const alertRoutes: Routes = {
  "/api/0/projects/{slug:organization}/{slug:project}/alerts/": {
    GET: { auth: "any", scopes: ["project:read"], handle: list },
    POST: { auth: "any", scopes: WRITE, body: BODY, handle: create },
  },
  "/api/0/projects/{slug:organization}/{slug:project}/alerts/{int:alert}/": {
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: update },
    DELETE: { auth: "any", scopes: ["project:admin"], handle: remove },
  },
  "/api/0/projects/{slug:organization}/{slug:project}/alerts/{int:alert}/test/": {
    POST: { auth: "any", scopes: WRITE, presentIn: (world) => world.has("testsAlerts"), handle: test },
  },
};

function list(call: RouteCall): Reply {
  const project = projectForLists(call);
  const rows = project ? call.state.alerts.where("project", project.id) : [];
  return page(call, sorted(rows, newestFirst), newestFirst, (alert) => alertView(call.world, alert));
}

/** Returns the project for admins of the organization and members of one of the project's teams; throws 404 otherwise. */
function requireAlertProject(call: RouteCall): ProjectRow {
  const { organization, member } = requireMembership(call);
  const project = projectAt(call, organization.id);
  if (!project) throw gone();
  const inTeam = project.teamIds.some((id) => call.state.teams.get(id)?.memberIds.includes(member.id));
  if (member.role === "member" && !inTeam) throw gone();
  return project;
}

type Numbers = Pick<AlertRow, "timespanMinutes" | "quantity">;

function numbers(call: RouteCall, left: Numbers): Numbers {
  const read = (name: keyof Numbers): number | null => {
    const value = call.payload[name];
    return value === undefined ? left[name] : (value as number | null);
  };
  return { timespanMinutes: read("timespanMinutes"), quantity: read("quantity") };
}

/** A number that is too big fails before an id is used up, a negative one afterwards (alerts: "negative quantity"). */
function checkNumbers(call: RouteCall, { timespanMinutes, quantity }: Numbers): void {
  const given = [timespanMinutes ?? 0, quantity ?? 0];
  if (given.some((value) => value > MOST)) throw new DatabaseError("out of range");
  if (given.every((value) => value >= 0)) return;
  if (call.method === "POST") call.state.alerts.skipId();
  throw new DatabaseError("negative");
}

/** If the recipients fail, the alert stays without recipients (alerts: "list"). */
function create(call: RouteCall): Reply {
  const inputs = readRecipients(call);
  const project = requireAlertProject(call);
  const { name = "", uptime = false } = call.payload;
  const given = numbers(call, { timespanMinutes: null, quantity: null });
  checkNumbers(call, given);
  if (name === null) throw new DatabaseError("name is null");
  const alert = call.state.alerts.insert({
    projectId: project.id,
    name: String(name),
    ...given,
    uptime: uptime === true,
    recipients: [],
    later: laterFields(call),
  });
  endsHalfDone(call);
  const recipients = storeRecipients(call, inputs);
  return json(201, alertView(call.world, call.state.alerts.update(alert.id, { recipients })));
}

function requireAlert(call: RouteCall): AlertRow {
  const project = projectForLists(call);
  const alert = call.state.alerts.get(intParam(call, "alert"));
  if (!project || alert?.projectId !== project.id) throw gone();
  return alert;
}

/** Removes the recipients that are missing; null keeps them and answers 500 (alerts: "update with recipients null"). */
function update(call: RouteCall): Reply {
  const inputs = readRecipients(call);
  const alert = requireAlert(call);
  const cleared = call.world.has("putClearsAlertNumbers");
  const given = numbers(call, cleared ? { timespanMinutes: null, quantity: null } : alert);
  checkNumbers(call, given);
  const { name = alert.name, uptime = cleared ? false : alert.uptime } = call.payload;
  if (name === null) throw new DatabaseError("name is null");
  const later = laterFields(call);
  call.state.alerts.update(alert.id, { ...given, name: String(name), uptime: uptime === true, later });
  const recipients = replaceRecipients(call, alert.recipients, inputs);
  return json(200, alertView(call.world, call.state.alerts.update(alert.id, { recipients })));
}

/** Answers like a test that reached all recipients; the server skips e-mail (read). The emulator sends nothing. */
function test(call: RouteCall): Reply {
  requireAlertProject(call);
  const { recipients } = requireAlert(call);
  const result = ({ recipientType }: (typeof recipients)[number]) => ({
    recipientType,
    status: recipientType === "email" ? "skipped" : "sent",
    message: null,
  });
  return json(200, recipients.map(result));
}

function remove(call: RouteCall): Reply {
  const alert = requireAlert(call);
  if (membership(call)?.member.role === "member") throw gone();
  call.state.alerts.delete(alert.id);
  return noContent();
}

function alertView(world: World, alert: AlertRow) {
  return {
    alertRecipients: alert.recipients.map(({ id, recipientType, url, tagsToAdd, config, later }) => ({
      id,
      recipientType,
      url,
      ...(world.has("manyRecipientTypes") ? { tagsToAdd, config } : {}),
      ...later,
    })),
    id: alert.id,
    name: alert.name,
    timespanMinutes: alert.timespanMinutes,
    quantity: alert.quantity,
    uptime: alert.uptime,
    ...alert.later,
  };
}
