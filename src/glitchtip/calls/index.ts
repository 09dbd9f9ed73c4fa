import type { Secret } from "../../base/secret.ts";
import { openRequests, type RequestContext } from "../requests.ts";
import { alertCalls, monitorCalls, statusPageCalls } from "./alerts.ts";
import { memberCalls, serverCalls } from "./members.ts";
import { keyCalls, organizationCalls, projectCalls, teamCalls } from "./structure.ts";

/** Requests carry a token, or the headers of a session. */
export type CallsContext = Omit<RequestContext, "headers" | "seen"> & Credentials;
export type Credentials = { readonly token: Secret } | Pick<RequestContext, "headers">;

/** Opens all calls of the API for what a declaration manages, by subject. Slugs are addresses, ids are identity. */
export function openCalls(context: CallsContext) {
  const headers = "token" in context ? () => ({ authorization: `Bearer ${context.token.reveal()}` }) : context.headers;
  const requests = openRequests({ ...context, headers });
  return {
    server: serverCalls(requests),
    organizations: organizationCalls(requests),
    teams: teamCalls(requests),
    projects: projectCalls(requests),
    keys: keyCalls(requests),
    alerts: alertCalls(requests),
    monitors: monitorCalls(requests),
    statusPages: statusPageCalls(requests),
    members: memberCalls(requests),
  };
}

export type Calls = ReturnType<typeof openCalls>;
