import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import { fieldOf, headerTextOf, reasonOf, type VaultAnswer } from "./answers.ts";
import type { VaultRequest, VaultRequests } from "./requests.ts";
import type { Login } from "./settings.ts";

/** Keeps a valid token: it is renewed while that is possible, else replaced by another sign-in. */
export interface VaultSession {
  /** Sends a request with the token; after a refusal once more with a new token, where a sign-in can get one. */
  send(request: Omit<VaultRequest, "token">): Promise<VaultAnswer>;
  /** Returns whether the server still knows the token, which tells an expired one from a missing permission. */
  tokenIsGood(): Promise<boolean>;
}

interface Token {
  readonly value: string;
  readonly renewable: boolean;
  /** Undefined where the token does not expire or its lifetime is unknown. */
  readonly goodForMs: number | undefined;
  readonly sinceMs: number;
}

/** A token is renewed in the last third of its lifetime, as Vault's own agent does it. */
const RENEW_AFTER = 2 / 3;

export function openSession(requests: VaultRequests, login: Login, clock: Clock): VaultSession {
  let current: Promise<Token> | undefined;

  const signIn = async (): Promise<Token> => {
    if (login.kind === "token") {
      return tokenOf({}, login.token().reveal());
    }
    const answer = await requests.send({ method: "POST", path: login.path, body: login.body() });
    const auth = fieldOf(answer.json, "auth");
    const value = headerTextOf(auth, "client_token");
    if (answer.status < 300 && value !== undefined) return tokenOf(auth, value);
    const reason = reasonOf(answer);
    // The role's name is shown as it was declared, not as the server repeats it.
    const named = reason === "invalid role name" && login.role !== undefined ? `${reason} "${login.role}"` : reason;
    throw new CodedError("GC1702", `[${requests.url}] sign-in by ${login.path} was refused: ${named}`, {
      remedy: "Check the role, its ids and whether they have expired, and the mount of the method: docs/secrets.md",
    });
  };

  const tokenOf = (auth: unknown, value: string): Token => {
    const seconds = Number(fieldOf(auth, "lease_duration") ?? 0);
    return {
      value,
      renewable: fieldOf(auth, "renewable") === true,
      goodForMs: seconds > 0 ? seconds * 1_000 : undefined,
      sinceMs: clock.now(),
    };
  };

  const renewed = async (token: Token): Promise<Token> => {
    if (token.renewable) {
      const answer = await requests.send({
        method: "POST",
        path: "auth/token/renew-self",
        token: token.value,
        body: {},
      });
      const auth = fieldOf(answer.json, "auth");
      const next = tokenOf(auth, headerTextOf(auth, "client_token") ?? token.value);
      // Near its maximum lifetime a renewal adds ever less; then a new sign-in is better.
      if (answer.status < 300 && (next.goodForMs ?? 0) >= (token.goodForMs ?? 0) / 3) return next;
    }
    return await signIn();
  };

  const isOld = ({ goodForMs, sinceMs }: Token): boolean =>
    goodForMs !== undefined && clock.now() - sinceMs >= goodForMs * RENEW_AFTER;

  /** Signs in or renews once at a time; callers that come meanwhile wait for the same token. */
  const token = async (): Promise<Token> => {
    const before = current;
    // A refused sign-in is not repeated for each secret of the run.
    const known = await before;
    if (known !== undefined && !isOld(known)) return known;
    if (current === before) current = known === undefined ? signIn() : renewed(known);
    return await (current as Promise<Token>);
  };

  return {
    async send(request) {
      const first = await token();
      const answer = await requests.send({ ...request, token: first.value });
      if (answer.status !== 403 || login.kind === "token") return answer;
      // The token may have been revoked; the answer with a new one is final.
      if (await isKnown(first)) return answer;
      const used = current;
      if ((await used) === first && current === used) current = signIn();
      return await requests.send({ ...request, token: (await token()).value });
    },
    tokenIsGood: async () => await isKnown(await token()),
  };

  async function isKnown({ value }: Token): Promise<boolean> {
    const answer = await requests.send({ method: "GET", path: "auth/token/lookup-self", token: value });
    return answer.status < 300;
  }
}
