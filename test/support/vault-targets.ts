import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { VaultDouble, type Versions } from "./vault-double.ts";

/** A Vault to read from: the double, or a real one that is given by VAULT_TEST_ADDR and VAULT_TEST_TOKEN (of its root). */
export interface VaultTarget extends AsyncDisposable {
  readonly url: string;
  putV1(path: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
  putV2(path: string, versions: Versions): Promise<void>;
  /** A token that may read below these prefixes. */
  token(...prefixes: string[]): Promise<string>;
  appRole(prefix: string): Promise<{ readonly roleId: string; readonly secretId: string }>;
  kubernetes(prefix: string): Promise<{ readonly role: string; readonly jwt: string }>;
  /** Every token that is no root's ends now. */
  revokeAll(): Promise<void>;
}

/** Of a service account; who made it is not looked at here. */
const CLAIMS = {
  iss: "kubernetes/serviceaccount",
  sub: "system:serviceaccount:shop:glitchtip",
  "kubernetes.io/serviceaccount/namespace": "shop",
  "kubernetes.io/serviceaccount/service-account.name": "glitchtip",
  "kubernetes.io/serviceaccount/service-account.uid": "1",
};
const JWT = [{ alg: "RS256" }, CLAIMS, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
  .join(".");

export async function doubleTarget(): Promise<VaultTarget & { readonly double: VaultDouble }> {
  const double = new VaultDouble();
  const url = await double.listen();
  return {
    double,
    url,
    async putV1(path, fields) {
      double.v1.set(path, fields);
    },
    async putV2(path, versions) {
      double.v2.set(path, versions);
    },
    token: async (...prefixes) => double.makeToken(prefixes),
    async appRole(prefix) {
      double.roles.set("approle/role-id", { secret: "secret-id", policy: [prefix] });
      return { roleId: "role-id", secretId: "secret-id" };
    },
    async kubernetes(prefix) {
      double.roles.set("kubernetes/shop", { secret: JWT, policy: [prefix] });
      return { role: "shop", jwt: JWT };
    },
    async revokeAll() {
      double.tokens.clear();
    },
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  };
}

/** Everything it makes there is below a mount or a role of its own, and gone with it. */
export async function realTarget(url: string, root: string): Promise<VaultTarget> {
  const call = async (method: string, path: string, body?: object): Promise<Record<string, Record<string, string>>> => {
    const answer = await fetch(`${url}/v1/${path.split("/").map(encodeURIComponent).join("/")}`, {
      method,
      headers: { "x-vault-token": root },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
    return said === "" ? {} : JSON.parse(said);
  };
  const mounts = { "sys/mounts/secret": "2", "sys/mounts/team/kv": "2", "sys/mounts/old": "1" };
  for (const [path, version] of Object.entries(mounts)) {
    await call("POST", path, { type: "kv", options: { version } });
  }
  for (const type of ["approle", "kubernetes"]) await call("POST", `sys/auth/${type}`, { type });
  const reviewer = await startReviewer();
  const policy = async (name: string, prefixes: readonly string[]) => {
    const rules = prefixes.flatMap((prefix) => {
      const [mount = "", ...rest] = prefix.split("/");
      const below = rest.join("/");
      return [`${mount}/${below}*`, `${mount}/data/${below}*`, `team/kv/data/*`].map(
        (path) => `path "${path}" { capabilities = ["read"] }`,
      );
    });
    await call("PUT", `sys/policies/acl/${name}`, { policy: rules.join("\n") });
    return name;
  };
  const made: string[] = [];
  let count = 0;
  return {
    url,
    putV1: async (path, fields) => void (await call("POST", path, fields)),
    async putV2(path, versions) {
      const [, mount = "", inner = ""] = /^(team\/kv|[^/]+)\/(.+)$/.exec(path) ?? [];
      for (const data of versions)
        await call("POST", `${mount}/data/${inner}`, {
          data: data === null || data === "destroyed" ? { gone: "x" } : data,
        });
      const numbers = (what: unknown) => versions.flatMap((data, i) => (data === what ? [i + 1] : []));
      await call("POST", `${mount}/delete/${inner}`, { versions: numbers(null) }).catch(() => undefined);
      await call("POST", `${mount}/destroy/${inner}`, { versions: numbers("destroyed") }).catch(() => undefined);
    },
    async token(...prefixes) {
      const policies = [await policy(`test-${++count}`, prefixes)];
      const token = (await call("POST", "auth/token/create", { policies, ttl: "10m" })).auth?.client_token ?? "";
      made.push(token);
      return token;
    },
    async appRole(prefix) {
      await call("POST", "auth/approle/role/shop", {
        token_policies: [await policy("test-approle", [prefix])],
        token_ttl: "300s",
      });
      const role = await call("GET", "auth/approle/role/shop/role-id");
      const secret = await call("POST", "auth/approle/role/shop/secret-id");
      return { roleId: role.data?.role_id ?? "", secretId: secret.data?.secret_id ?? "" };
    },
    async kubernetes(prefix) {
      await call("POST", "auth/kubernetes/config", {
        kubernetes_host: reviewer.url,
        disable_local_ca_jwt: true,
        token_reviewer_jwt: JWT,
      });
      await call("POST", "auth/kubernetes/role/shop", {
        bound_service_account_names: ["glitchtip"],
        bound_service_account_namespaces: ["shop"],
        token_policies: [await policy("test-kubernetes", [prefix])],
        token_ttl: "300s",
      });
      return { role: "shop", jwt: JWT };
    },
    async revokeAll() {
      for (const mount of ["approle", "kubernetes"]) await call("PUT", `sys/leases/revoke-prefix/auth/${mount}/login`);
      for (const token of made) await call("POST", "auth/token/revoke", { token });
    },
    async [Symbol.asyncDispose]() {
      for (const path of Object.keys(mounts)) await call("DELETE", path);
      for (const type of ["approle", "kubernetes"]) await call("DELETE", `sys/auth/${type}`);
      await reviewer[Symbol.asyncDispose]();
    },
  };
}

/** The part of Kubernetes' API that says whose a service account's token is. */
async function startReviewer() {
  const server = createServer(async (request, response) => {
    const { spec } = JSON.parse(await text(request)) as { spec: { token: string } };
    const authenticated = spec.token === JWT;
    const user = { username: "system:serviceaccount:shop:glitchtip", uid: "1", groups: ["system:serviceaccounts"] };
    response.writeHead(201, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        status: authenticated ? { authenticated, user } : { authenticated, error: "invalid token" },
      }),
    );
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
