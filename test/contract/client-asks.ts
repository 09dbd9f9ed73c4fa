import { silentLog } from "../../src/base/log.ts";
import type { Clock } from "../../src/base/wait.ts";
import type { GlitchTip } from "../../src/glitchtip/client.ts";
import { sendEvent } from "../../src/glitchtip/ingest.ts";
import { waitReady } from "../../src/glitchtip/ready.ts";
import type { Session } from "../../src/glitchtip/session.ts";
import type { Transport } from "../../src/glitchtip/transport.ts";
import type { HttpMethod } from "../../src/http/http.ts";
import { key, organization, project, team, withId } from "./promised.ts";
import { each, id, nothing, only, type Row } from "./recorded.ts";

export interface Stage {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly client: GlitchTip;
  session(): Promise<Session>;
}

/** A request of the client: the pattern of its recorded requests, how to make it, and what it has to return. */
interface Ask {
  readonly method: HttpMethod;
  readonly path: RegExp;
  ask(stage: Stage, at: (index: number) => string, sent: Record<string, string>): Promise<unknown>;
  /** Returns the expected result for the answer's body. */
  promise(body: never): unknown;
}

const token = (row: Row) => withId(row, "label", "scopes", "token");

/** All requests of the client, by the name of its method. */
export const ASKS: Readonly<Record<string, Ask>> = {
  settings: {
    method: "GET",
    path: /^\/api\/settings\/$/,
    ask: ({ transport, clock, signal }) => waitReady({ transport, clock, signal, deadlineMs: 60_000, log: silentLog }),
    promise: (body: Row) => only(body, "version", "enableUserRegistration", "enableOrganizationCreation"),
  },
  config: {
    method: "GET",
    path: /^\/_allauth\/browser\/v1\/config$/,
    ask: ({ session }) => session().then(nothing),
    promise: nothing,
  },
  "sign in": {
    method: "POST",
    path: /^\/_allauth\/browser\/v1\/auth\/login$/,
    ask: ({ session }) => session().then(nothing),
    promise: nothing,
  },
  signOut: {
    method: "DELETE",
    path: /^\/_allauth\/browser\/v1\/auth\/session$/,
    ask: async ({ session }) => (await session()).signOut(),
    promise: nothing,
  },
  tokens: {
    method: "GET",
    path: /^\/api\/0\/api-tokens\/$/,
    ask: async ({ session }) => (await session()).tokens(),
    promise: each(token),
  },
  mintToken: {
    method: "POST",
    path: /^\/api\/0\/api-tokens\/$/,
    async ask({ session }) {
      const minted = await (await session()).mintToken("ci", []);
      return { ...minted, token: minted.token.reveal() };
    },
    promise: (body: Row) => ({ id: id(body), token: body.token }),
  },
  deleteToken: {
    method: "DELETE",
    path: /^\/api\/0\/api-tokens\/(\w+)\/$/,
    ask: async ({ session }, at) => (await session()).deleteToken(at(1)),
    promise: nothing,
  },
  tokenScopes: {
    method: "GET",
    path: /^\/api\/0\/$/,
    ask: ({ client }) => client.tokenScopes(),
    promise: ({ auth }: Row) => (auth as Row | null)?.scopes,
  },
  organizations: {
    method: "GET",
    path: /^\/api\/0\/organizations\/?$/,
    ask: ({ client }) => client.organizations(),
    promise: each(organization),
  },
  createOrganization: {
    method: "POST",
    path: /^\/api\/0\/organizations\/?$/,
    ask: ({ client }, _at, { name = "" }) => client.createOrganization(name),
    promise: organization,
  },
  teams: {
    method: "GET",
    path: /^\/api\/0\/organizations\/([^/]+)\/teams\/$/,
    ask: ({ client }, at) => client.teams(at(1)),
    promise: each(team),
  },
  createTeam: {
    method: "POST",
    path: /^\/api\/0\/organizations\/([^/]+)\/teams\/$/,
    ask: ({ client }, at, { slug = "" }) => client.createTeam(at(1), slug),
    promise: team,
  },
  projects: {
    method: "GET",
    path: /^\/api\/0\/organizations\/([^/]+)\/projects\/$/,
    ask: ({ client }, at) => client.projects(at(1)),
    promise: each(project),
  },
  createProject: {
    method: "POST",
    path: /^\/api\/0\/teams\/([^/]+)\/([^/]+)\/projects\/$/,
    ask: ({ client }, at, { name = "", platform }) => client.createProject(at(1), at(2), { name, platform }),
    promise: project,
  },
  deleteProject: {
    method: "DELETE",
    path: /^\/api\/0\/projects\/([^/]+)\/([^/]+)\/$/,
    ask: ({ client }, at) => client.deleteProject(at(1), at(2)),
    promise: nothing,
  },
  linkTeam: {
    method: "POST",
    path: /^\/api\/0\/projects\/([^/]+)\/([^/]+)\/teams\/([^/]+)\/$/,
    ask: ({ client }, at) => client.linkTeam(at(1), at(2), at(3)),
    promise: nothing,
  },
  keys: {
    method: "GET",
    path: /^\/api\/0\/projects\/([^/]+)\/([^/]+)\/keys\/$/,
    ask: ({ client }, at) => client.keys(at(1), at(2)),
    promise: each(key),
  },
  createKey: {
    method: "POST",
    path: /^\/api\/0\/projects\/([^/]+)\/([^/]+)\/keys\/$/,
    ask: ({ client }, at, { name = "" }) => client.createKey(at(1), at(2), name),
    promise: key,
  },
  deleteKey: {
    method: "DELETE",
    path: /^\/api\/0\/projects\/([^/]+)\/([^/]+)\/keys\/([^/]+)\/$/,
    ask: ({ client }, at) => client.deleteKey(at(1), at(2), at(3)),
    promise: nothing,
  },
  event: {
    method: "GET",
    path: /^\/api\/0\/projects\/([^/]+)\/([^/]+)\/events\/([0-9a-f]{32})\/$/,
    ask: ({ client }, at) => client.event(at(1), at(2), at(3)),
    promise: (body: Row) => ({
      ...only(body, "id", "eventID", "title", "message"),
      groupID: String(body.groupID),
    }),
  },
  envelope: {
    method: "POST",
    path: /^\/api\/(\w+)\/envelope\/?$/,
    ask: ({ transport, signal }, at) =>
      sendEvent(transport, { key: "0".repeat(32), projectId: at(1) }, { id: "1".repeat(32), message: "x" }, signal),
    promise: nothing,
  },
};
