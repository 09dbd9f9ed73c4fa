import { cleanLine } from "../../base/clean.ts";
import { CodedError, hasErrno } from "../../base/errors.ts";
import type { HttpAnswer, HttpError } from "../../http/http.ts";

export interface VaultAnswer {
  readonly status: number;
  /** Undefined where the answer was not JSON. */
  readonly json: unknown;
  /** The server's own messages. */
  readonly errors: readonly string[];
}

/**
 * Texts of Vault's and OpenBao's own that say more than the status. Any other text is not shown: a server may echo what it
 * was sent, which is a token, an id or a key.
 */
const KNOWN_REASONS = [
  "permission denied",
  "invalid token",
  "bad token",
  "token expired",
  "missing client token",
  "Vault is sealed",
  "OpenBao is sealed",
  "local node not active but active cluster node not found",
  "no handler for route",
  "unsupported path",
  "unsupported operation",
  "invalid role or secret ID",
  "invalid role name",
  "invalid role ID",
  "invalid secret id",
  "service account name not authorized",
  "namespace not authorized",
  "role not found",
  "request path rate limit quota exceeded",
  "request rate limit quota exceeded",
  "internal error",
] as const;

/** Returns the status, and which of Vault's own reasons the answer names. Never returns text of the server. */
export function reasonOf({ status, errors }: VaultAnswer): string {
  const said = errors.join("\n").toLowerCase();
  const known = KNOWN_REASONS.filter((reason) => said.includes(reason.toLowerCase()));
  return known.join("; ") || `HTTP ${status}`;
}

/** Returns the text where it may be sent as a header. A token with any other character is not Vault's. */
export const headerTextOf = (value: unknown, key: string): string | undefined => {
  const found = textOf(value, key);
  return found !== undefined && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
};

/** The error for an answer that never came or that is unusable. */
export class VaultFailure extends CodedError {
  /** True where a retry may help. */
  readonly passing: boolean;
  /** How long the server limits the rate of requests. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    passing: boolean,
    detail: { remedy: string; cause?: unknown; retryAfterMs?: number | undefined },
  ) {
    super("GC1701", message, detail);
    this.passing = passing;
    this.retryAfterMs = detail.retryAfterMs;
  }
}

/** Returns the answer. Throws VaultFailure where the server is busy, sealed or at another address. */
export function answerOf(url: string, { status, headers, text }: HttpAnswer): VaultAnswer {
  const json = parsed(text);
  const told = fieldOf(json, "errors");
  // Several messages come as an indented list in one text.
  const errors = (Array.isArray(told) ? told : []).map((one) => cleanLine(String(one).replace(/\s+/g, " ").trim()));
  const answer = { status, json, errors };
  if (status >= 300 && status < 400) {
    // A redirect is not followed: the token must not go to an address that the user has not named.
    const remedy = "Set VAULT_ADDR (vault.url) to the address that it names, if that is yours.";
    throw new VaultFailure(`[${url}] redirects to ${originOf(headers.location)}`, false, { remedy });
  }
  if (status !== 429 && status !== 412 && status < 500) return answer;
  const sealed = status === 503 && errors.some((one) => /sealed/i.test(one));
  throw new VaultFailure(`[${url}] ${sealed ? "Vault is sealed" : `Vault cannot answer: ${reasonOf(answer)}`}`, true, {
    remedy: sealed ? "Unseal Vault, then run the command again." : "Run the command again later; see Vault's log.",
    retryAfterMs: secondsOf(headers["retry-after"]),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function secondsOf(retryAfter: string | string[] | undefined): number | undefined {
  const seconds = Number(retryAfter ?? Number.NaN);
  return seconds >= 0 ? seconds * 1_000 : undefined;
}

const originOf = (location: string | string[] | undefined): string =>
  URL.canParse(String(location)) ? new URL(String(location)).origin : "another address";

/** Returns the failure for an answer that never came. */
export function unreachable(url: string, error: HttpError, timeoutMs: number): VaultFailure {
  const { failure, reason, cause } = error;
  if (failure === "tls") {
    const remedy = "Check http:// or https://, and give the authority's certificate by VAULT_CACERT (vault.ca).";
    return new VaultFailure(`[${url}] ${reason}`, false, { remedy, cause });
  }
  const remedy = "Check VAULT_ADDR (vault.url), and that Vault runs.";
  if (failure === "unresolved" && !hasErrno(cause, "EAI_AGAIN")) {
    return new VaultFailure(`[${url}] ${reason}`, false, { remedy, cause });
  }
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const what =
    failure === "timeout" ? `no answer within ${timeoutMs} ms` : `no answer (${code || "the connection ended early"})`;
  return new VaultFailure(`[${url}] ${what}`, true, { remedy, cause });
}

/** Returns the value of a key, or undefined where `value` is no object or lacks the key. */
export const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;

export function textOf(value: unknown, key: string): string | undefined {
  const found = fieldOf(value, key);
  return typeof found === "string" && found !== "" ? found : undefined;
}
