import type { Secret } from "../../base/secret.ts";
import { openRequests, type RequestContext } from "../requests.ts";
import { alertCalls, monitorCalls, statusPageCalls } from "./alerts.ts";
import { memberCalls, serverCalls } from "./members.ts";
import { keyCalls, organizationCalls, projectCalls, teamCalls } from "./structure.ts";

export type CallsContext = Omit<RequestContext, "headers" | "seen"> & { readonly token: Secret };

/** Opens all calls of the API for what a declaration manages, by subject. Slugs are addresses, ids are identity. */
export function openCalls({ token, ...context }: CallsContext) {
  const requests = openRequests({ ...context, headers: () => ({ authorization: `Bearer ${token.reveal()}` }) });
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
