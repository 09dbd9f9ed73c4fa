import { Pool } from "undici";
import type { Clock } from "../../base/wait.ts";
import { answerOf, unreachable, type VaultAnswer, VaultFailure } from "./answers.ts";
import type { VaultSettings } from "./settings.ts";

export interface VaultRequest {
  readonly method: "GET" | "POST";
  /** Below `/v1/`, each part encoded. */
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
}

/** Asks until there is an answer that asking again would not change; any status below 500 but 429 and 412 is one. */
export interface VaultRequests {
  readonly url: string;
  send(request: VaultRequest): Promise<VaultAnswer>;
  close(): Promise<void>;
}

export interface RequestsContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say?(text: string): void;
}

/** In all, with its pauses: longer than an active node takes to give over, shorter than a person's patience. */
const RETRY_WITHIN_MS = 15_000;
const TRIES = 4;
const ANSWER_LONGEST_BYTES = 4 * 1024 * 1024;

export function openRequests(settings: VaultSettings, { clock, signal, say }: RequestsContext): VaultRequests {
  const { url, namespace, ca, timeoutMs } = settings;
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, {
    connections: 4,
    connect: { timeout: Math.min(timeoutMs, 5_000), ...(ca === undefined ? {} : { ca }) },
    maxResponseSize: ANSWER_LONGEST_BYTES,
  });
  const once = async ({ method, path, token, body }: VaultRequest) => {
    const headers = {
      // Without it a server that is asked by a browser might answer another way.
      "x-vault-request": "true",
      ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
      ...(token === undefined ? {} : { "x-vault-token": token }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const answer = await pool.request({
      method,
      path: `${pathname.replace(/\/$/, "")}/v1/${path}`,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  };
  return {
    url,
    async send(request) {
      const start = clock.now();
      for (let attempt = 1; ; attempt++) {
        signal.throwIfAborted();
        try {
          return answerOf(url, await once(request));
        } catch (error) {
          signal.throwIfAborted();
          const failure = error instanceof VaultFailure ? error : unreachable(url, error, timeoutMs);
          const pauseMs = failure.retryAfterMs ?? 250 * 2 ** attempt * (0.75 + Math.random() * 0.25);
          const late = clock.now() - start + pauseMs > RETRY_WITHIN_MS;
          if (!failure.passing || attempt >= TRIES || late) throw failure;
          say?.(`waiting for Vault: ${failure.message}`);
          await clock.sleep(pauseMs, signal);
        }
      }
    },
    close: () => pool.close(),
  };
}
