import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import type { HttpAnswer } from "../http/http.ts";
import { readAnswer } from "./answers.ts";
import { openRequests, type RequestContext } from "./requests.ts";
import type { Transport } from "./transport.ts";
import { authShape, type Token, tokenShape } from "./wire/shapes.ts";

/** The admin's cookie session, which alone may list, create and delete tokens (api-tokens scenario). */
export interface Session {
  tokens(): Promise<Token[]>;
  mintToken(label: string, scopes: readonly string[]): Promise<{ id: string; token: Secret }>;
  deleteToken(id: string): Promise<void>;
  /** What a request of this session carries. The API's root is not to be asked so: in 5.2 that ends the session. */
  readonly headers: RequestContext["headers"];
  /** Ends the session on the server. */
  signOut(): Promise<void>;
}

export interface SignIn {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly email: string;
  readonly password: Secret;
}

const AUTH = "/_allauth/browser/v1";

/**
 * Signs in. A refusal is not retried, because five of them lock the account for minutes (sign-in scenario). A passing
 * failure is retried, but fewer than five times.
 */
export async function signIn(context: SignIn): Promise<Session> {
  const { transport, clock, signal, email, password } = context;
  const cookies = new Map<string, string>();
  const headers: Session["headers"] = (method) => ({
    ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
    ...(method === "GET"
      ? {}
      : {
          // The sign-in rotates the CSRF cookie, so its current value is sent (sign-in scenario).
          "x-csrftoken": cookies.get("csrftoken") ?? "",
          // The address that we use, even where GLITCHTIP_DOMAIN is another: Django compares it with the Host header.
          origin: new URL(transport.baseUrl).origin,
          referer: `${transport.baseUrl}/`,
        }),
  });
  const requests = openRequests({
    transport,
    clock,
    signal,
    seen: (answer) => keepCookies(cookies, answer),
    headers,
  });
  await requests.raw("GET", `${AUTH}/config`);
  const body = JSON.stringify({ email, password: password.reveal() });
  const answer = await requests.raw("POST", `${AUTH}/auth/login`, body, { idempotent: true });
  if (answer.status !== 409) judge(answer, `${transport.baseUrl}${AUTH}/auth/login`, email);
  return {
    tokens: () => requests.list("/api/0/api-tokens/", tokenShape),
    async mintToken(label, scopes) {
      const minted = await requests.post("/api/0/api-tokens/", { label, scopes }, tokenShape);
      return { id: minted.id, token: new Secret(minted.token) };
    },
    headers,
    deleteToken: (id) => requests.delete(`/api/0/api-tokens/${id}/`),
    async signOut() {
      // 401 means success here (sign-in scenario).
      await requests.raw("DELETE", `${AUTH}/auth/session`);
    },
  };
}

function judge(answer: HttpAnswer, url: string, email: string): void {
  if (answer.status === 200) {
    readAnswer("POST", url, answer, authShape);
    return;
  }
  const code = refusalCode(answer);
  if (code === "email_password_mismatch") {
    throw new CodedError("GC1301", `${url}: the password of ${email} was refused, or there is no such account`, {
      remedy:
        "Store the right one where admin.password points. If the stack created it: npx glitchtip-compose secrets rotate admin-password, or set this one on the server; in this stack: npx glitchtip-compose user password EMAIL",
    });
  }
  if (code === "too_many_login_attempts") {
    throw new CodedError("GC1303", `${url}: too many attempts to sign in as ${email}`, {
      remedy: "Wait five minutes, correct the password, then run the command again.",
    });
  }
  if (answer.status === 401) {
    throw new CodedError("GC1305", `${url}: ${email} must do one more step to sign in (second factor or e-mail)`, {
      remedy: "Use an account without a second factor for the provisioner.",
    });
  }
  readAnswer("POST", url, answer, authShape);
}

function refusalCode({ status, text }: HttpAnswer): string | undefined {
  if (status !== 400 && status !== 429) return undefined;
  try {
    return z.parse(authShape, JSON.parse(text)).errors?.[0]?.code;
  } catch {
    return undefined;
  }
}

/** Keeps cookies by hand: a strict cookie jar drops the Secure cookies of 6.x over plain http (docs/glitchtip-facts.md). */
function keepCookies(cookies: Map<string, string>, { headers }: HttpAnswer): void {
  const set = headers["set-cookie"];
  for (const line of set === undefined ? [] : Array.isArray(set) ? set : [set]) {
    const [, name, value] = /^([^=;\s]+)=([^;]*)/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    if (value === "" || value === '""') cookies.delete(name);
    else cookies.set(name, value);
  }
}
