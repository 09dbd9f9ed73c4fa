import { randomUUID } from "node:crypto";
import { checkFields, invalid, isObject } from "../body.ts";
import { nowIso, type RouteCall } from "../call.ts";
import { projectForLists, requireKey, requireMembership, requireProject } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { KeyRow } from "../rows.ts";
import type { World } from "../world.ts";

const WRITE = ["project:write", "project:admin"];
const READ = ["project:read", ...WRITE];
const BODY: NonNullable<Endpoint["body"]> = {
  name: { type: "string", optional: true, nullable: true },
  rateLimit: { type: "object", optional: true, nullable: true },
};

const ONE = "/api/0/projects/{slug:organization}/{slug:project}/keys/{uuid:key}/";

export const keyRoutes: Routes = {
  "/api/0/projects/{slug:organization}/{slug:project}/keys/": {
    GET: { auth: "any", scopes: READ, handle: list },
    POST: { auth: "any", scopes: WRITE, body: BODY, handle: create },
  },
  [ONE]: {
    GET: { auth: "any", scopes: READ, handle: get },
    // PUT answers 200 and changes nothing (keys: "read back after the update").
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: get },
    DELETE: { auth: "any", scopes: ["project:admin"], handle: remove },
  },
};

/** Includes the keys of a soft-deleted project; `status` is ignored (keys: "list active"). */
function list(call: RouteCall): Reply {
  const project = projectForLists(call);
  const rows = project ? call.state.keys.where("project", project.id) : [];
  return page(call, sorted(rows, newestFirst), newestFirst, (key) => keyView(call.world, key));
}

/** Answers 500 without a name and with more than 64 characters (keys: "create with nothing", "create with a long name"). */
function create(call: RouteCall): Reply {
  const { organization } = requireMembership(call);
  const project = requireProject(call, organization.id);
  const { name } = call.payload;
  const limit = rateLimit(call);
  if (typeof name !== "string" || [...name].length > 64) throw new DatabaseError("name of a key");
  const key = call.state.keys.insert({
    projectId: project.id,
    name,
    publicKey: randomUUID(),
    rateLimit: limit,
    created: nowIso(call),
  });
  return json(201, keyView(call.world, key));
}

function rateLimit(call: RouteCall): { window: number; count: number } | null {
  const given = call.payload.rateLimit;
  if (!isObject(given)) return null;
  const loc = ["body", "payload", "rateLimit"];
  const { checked, complaints } = checkFields(given, { window: { type: "integer" }, count: { type: "integer" } }, loc);
  if (complaints.length > 0) throw invalid(complaints);
  return checked.count ? { window: Number(checked.window), count: Number(checked.count) } : null;
}

function get(call: RouteCall): Reply {
  return json(200, keyView(call.world, requireKey(call)));
}

function remove(call: RouteCall): Reply {
  requireMembership(call, "admin");
  call.state.keys.delete(requireKey(call).id);
  return noContent();
}

/** The DSN's host is that of GLITCHTIP_DOMAIN; if that has no scheme, the DSN is empty. */
function keyView(world: World, key: KeyRow) {
  const hex = key.publicKey.replaceAll("-", "");
  const url = /^https?:\/\/[^/]/.test(world.domain()) ? new URL(world.domain()) : undefined;
  const at = url && `${url.host}${url.pathname.replace(/\/$/, "")}`;
  const dsn = url ? `${url.protocol}//${hex}@${at}/${key.projectId}` : "";
  return {
    name: key.name,
    rateLimit: key.rateLimit,
    dateCreated: key.created,
    id: key.publicKey,
    dsn: {
      public: dsn,
      secret: dsn,
      security: url ? `${url.protocol}//${at}/api/${key.projectId}/security/?glitchtip_key=${hex}` : "",
    },
    label: key.name,
    public: key.publicKey,
    projectID: key.projectId,
  };
}
