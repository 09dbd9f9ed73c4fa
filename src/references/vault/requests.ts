import { defined } from "../../base/defined.ts";
import { retry } from "../../base/retry.ts";
import type { Clock } from "../../base/wait.ts";
import { httpFor } from "../../http/client.ts";
import { HttpError } from "../../http/http.ts";
import { answerOf, unreachable, type VaultAnswer, VaultFailure } from "./answers.ts";
import type { VaultSettings } from "./settings.ts";

export interface VaultRequest {
  readonly method: "GET" | "POST";
  /** The path below `/v1/`, each part encoded. */
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
}

/** Sends requests and retries passing failures: no answer, 412, 429 and statuses from 500 on. */
export interface VaultRequests {
  readonly url: string;
  send(request: VaultRequest): Promise<VaultAnswer>;
  close(): Promise<void>;
}

export interface RequestsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say?(text: string): void;
}

/** The time for all attempts: longer than a standby node takes to become active, short enough for a person. */
const RETRY_WITHIN_MS = 15_000;
const ATTEMPTS = 4;
const ANSWER_LONGEST_BYTES = 4 * 1024 * 1024;

export function openVaultRequests(
  settings: VaultSettings,
  { env, clock, signal, say }: RequestsContext,
): VaultRequests {
  const { url, namespace, ca, timeoutMs } = settings;
  const trusted = defined({ ca: ca === undefined ? undefined : [ca] });
  const http = httpFor(env)({ timeoutMs, answerLimitBytes: ANSWER_LONGEST_BYTES, env, ...trusted });
  const once = async ({ method, path, token, body }: VaultRequest): Promise<VaultAnswer> => {
    const headers = defined({
      // A Vault agent can be configured to require this header (require_request_header).
      "x-vault-request": "true",
      "x-vault-namespace": namespace,
      "x-vault-token": token,
      "content-type": body === undefined ? undefined : "application/json",
    });
    const content = defined({ body: body === undefined ? undefined : JSON.stringify(body) });
    try {
      return answerOf(url, await http.send({ method, url: `${url}/v1/${path}`, headers, ...content }, signal));
    } catch (error) {
      throw error instanceof HttpError ? unreachable(url, error, timeoutMs) : error;
    }
  };
  return {
    url,
    send: (request) =>
      retry({
        clock,
        signal,
        attempts: ATTEMPTS,
        deadlineMs: RETRY_WITHIN_MS,
        pauseMs: { first: 500, longest: RETRY_WITHIN_MS, factor: 2 },
        attempt: () => once(request),
        pauseAfter: (error, backoffMs) =>
          error instanceof VaultFailure && error.passing ? (error.retryAfterMs ?? backoffMs) : undefined,
        onRetry: (error) => say?.(`waiting for Vault: ${error instanceof Error ? error.message : String(error)}`),
      }),
    close: () => http.close(),
  };
}
