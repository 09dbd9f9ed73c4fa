import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A secret of KV v2 has versions; one that is null was deleted, "destroyed" was destroyed. */
export type Versions = readonly (Readonly<Record<string, unknown>> | null | "destroyed")[];

export interface DoubleOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Seconds that a token of a sign-in is good for, and may be renewed for in all. */
  readonly leaseSeconds?: number;
  readonly longestSeconds?: number;
  /** Seconds, for the ages of tokens. */
  now?(): number;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly namespace: string | undefined;
  readonly body: unknown;
}

interface Token {
  readonly policy: readonly string[];
  readonly madeAt: number;
  endsAt: number;
}

/** What of a Vault a reader of secrets meets, in the shapes of its HTTP API; compared with a real one in vault-real.test.ts. */
export class VaultDouble {
  readonly requests: RecordedRequest[] = [];
  readonly tokens = new Map<string, Token>();
  sealed = false;
  namespace: string | undefined;
  /** Answers instead of ours, one for each request, the first first. */
  readonly faults: (
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
    | "cut"
    | "silence"
  )[] = [];
  readonly mounts = new Map([
    ["secret/", "kv2"],
    ["team/kv/", "kv2"],
    ["old/", "kv1"],
    ["transit/", "transit"],
  ]);
  /** Secrets by their whole path. */
  readonly v1 = new Map<string, Readonly<Record<string, unknown>>>();
  readonly v2 = new Map<string, Versions>();
  readonly roles = new Map<string, { readonly secret: string; readonly policy: readonly string[] }>();
  readonly #options: DoubleOptions;
  readonly #server;
  #made = 0;

  constructor(options: DoubleOptions = {}) {
    this.#options = options;
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer);
  }

  async listen(): Promise<string> {
    await new Promise<void>((ready) => this.#server.listen(0, "127.0.0.1", ready));
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#options.tls ? "https" : "http"}://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  /** A token that may read below these prefixes. */
  makeToken(policy: readonly string[], seconds = Number.POSITIVE_INFINITY): string {
    const now = this.#now();
    const token = `hvs.double-${++this.#made}`;
    this.tokens.set(token, { policy, madeAt: now, endsAt: now + seconds });
    return token;
  }

  paths(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  #now(): number {
    return this.#options.now?.() ?? 0;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const header = (name: string) => request.headers[name]?.toString();
    const one: RecordedRequest = {
      method: request.method ?? "",
      path: request.url?.replace("/v1/", "") ?? "",
      token: header("x-vault-token"),
      namespace: header("x-vault-namespace"),
      body: body === "" ? undefined : JSON.parse(body),
    };
    this.requests.push(one);
    const fault = this.faults.shift();
    if (fault === "cut") return void request.socket.destroy();
    if (fault === "silence") return;
    const { status, json, headers } =
      fault === undefined ? this.#reply(one) : { ...fault, json: fault.body ?? { errors: [] } };
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof json === "string" ? json : JSON.stringify(json));
  }

  #reply(request: RecordedRequest): { status: number; json: unknown; headers?: Record<string, string> } {
    const { method, path, body } = request;
    if (this.sealed) return refused(503, "Vault is sealed");
    if (request.namespace !== this.namespace) return refused(403, "permission denied");
    const login = /^auth\/(.+)\/login$/.exec(path)?.[1];
    if (method === "POST" && login !== undefined) return this.#login(login, body);
    const token = this.tokens.get(request.token ?? "");
    if (token === undefined || token.endsAt <= this.#now()) {
      return refused(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n");
    }
    if (path === "auth/token/lookup-self") {
      return { status: 200, json: { data: { ttl: token.endsAt - this.#now(), renewable: true } } };
    }
    if (path === "auth/token/renew-self") return this.#renew(request.token ?? "", token);
    return this.#read(path, token);
  }

  #login(mount: string, body: unknown) {
    const { role_id, secret_id, role, jwt } = body as Record<string, string>;
    const name = role_id ?? role ?? "";
    const known = this.roles.get(`${mount}/${name}`);
    if (known === undefined || known.secret !== (secret_id ?? jwt)) {
      return mount.includes("kubernetes")
        ? refused(
            known === undefined ? 400 : 403,
            known === undefined ? `invalid role name "${name}"` : "permission denied",
          )
        : refused(400, "invalid role or secret ID");
    }
    const { leaseSeconds = 3_600 } = this.#options;
    return authenticated(this.makeToken(known.policy, leaseSeconds), leaseSeconds);
  }

  #renew(name: string, token: Token) {
    const { leaseSeconds = 3_600, longestSeconds = Number.POSITIVE_INFINITY } = this.#options;
    token.endsAt = Math.min(this.#now() + leaseSeconds, token.madeAt + longestSeconds);
    return authenticated(name, token.endsAt - this.#now());
  }

  #read(path: string, { policy }: Token) {
    const [bare = "", query = ""] = path.split("?");
    const name = decodeURIComponent(bare);
    const looked = /^sys\/internal\/ui\/mounts\/(.+)$/.exec(name)?.[1];
    const [mount, type] = [...this.mounts].find(([prefix]) => (looked ?? name).startsWith(prefix)) ?? [];
    const isData = mount !== undefined && type === "kv2" && name.startsWith(`${mount}data/`);
    const logical = isData ? mount + name.slice(`${mount}data/`.length) : name;
    const allowed = policy.some((prefix) => (looked ?? logical).startsWith(prefix));
    if (looked !== undefined) {
      if (!allowed || mount === undefined || type === undefined) return refused(403, PREFLIGHT(looked));
      const options = type === "kv2" ? { version: "2" } : null;
      return { status: 200, json: { data: { path: mount, type: type.replace(/\d/, ""), options } } };
    }
    if (!allowed) return refused(403, "1 error occurred:\n\t* permission denied\n\n");
    if (isData) return this.#version(this.v2.get(logical), Number(/version=(\d+)/.exec(query)?.[1] ?? 0));
    const fields = this.v1.get(name);
    if (fields === undefined) return refused(404);
    const seconds = typeof fields.ttl === "string" ? Number.parseInt(fields.ttl, 10) : 2_764_800;
    return { status: 200, json: { lease_id: "", renewable: false, lease_duration: seconds, data: fields } };
  }

  #version(versions: Versions | undefined, asked: number) {
    const number = asked || versions?.length || 0;
    const data = versions?.[number - 1];
    if (data === undefined) return refused(404);
    const gone = data === null || data === "destroyed";
    const metadata = {
      created_time: "2026-08-21T10:00:00Z",
      custom_metadata: null,
      deletion_time: data === null ? "2026-08-22T10:00:00Z" : "",
      destroyed: data === "destroyed",
      version: number,
    };
    return { status: gone ? 404 : 200, json: { lease_duration: 0, data: { data: gone ? null : data, metadata } } };
  }
}

const PREFLIGHT = (path: string) =>
  `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`;

const refused = (status: number, ...errors: string[]) => ({ status, json: { errors } });

const authenticated = (token: string, seconds: number) => ({
  status: 200,
  json: {
    request_id: "00000000-0000-0000-0000-000000000000",
    data: null,
    auth: { client_token: token, accessor: "a", policies: ["default"], lease_duration: seconds, renewable: true },
  },
});
