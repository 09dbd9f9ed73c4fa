import * as z from "zod/mini";
import type { Clock } from "../base/wait.ts";
import { AnswerError, readAnswer, refuse } from "./answers.ts";
import { type Method, type RawAnswer, type Transport, TransportError } from "./transport.ts";

export interface Requests {
  readonly baseUrl: string;
  get<S extends z.ZodMiniType>(path: string, shape: S): Promise<z.infer<S>>;
  /** Every page of a list, by cursor only: the links' host is the server's idea of itself (pagination scenario). */
  list<S extends z.ZodMiniType>(path: string, shape: S): Promise<z.infer<S>[]>;
  /** Never repeated where the server may have acted: the caller looks first. */
  post<S extends z.ZodMiniType>(path: string, body: unknown, shape: S): Promise<z.infer<S>>;
  put<S extends z.ZodMiniType>(path: string, body: unknown, shape: S): Promise<z.infer<S>>;
  delete(path: string): Promise<void>;
  /** Any answer below 500, unjudged; for calls whose refusals are expected. */
  raw(method: Method, path: string, body?: string, headers?: Readonly<Record<string, string>>): Promise<RawAnswer>;
}

export interface RequestContext {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told each answer, for cookies. */
  seen?(answer: RawAnswer): void;
  headers(method: Method): Readonly<Record<string, string>>;
}

const TRIES = 4;
/** A server that asks for more is reported instead of waited for. */
const LONGEST_WAIT_MS = 60_000;

/** True when the server may have carried the request out although no good answer came. */
export function outcomeUnknown(error: unknown): boolean {
  if (error instanceof TransportError) return error.sent;
  return error instanceof AnswerError && (error.status >= 500 || error.code === "GC1208");
}

export function openRequests(context: RequestContext): Requests {
  const { transport, clock, signal } = context;
  const urlOf = (path: string) => transport.baseUrl + path;

  const once = async (method: Method, path: string, body?: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await transport.send(
      {
        method,
        path,
        headers: {
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...context.headers(method),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      },
      signal,
    );
    context.seen?.(answer);
    return answer;
  };

  /** Repeats what is safe to repeat: reads and deletes after any passing failure, writes only where nothing happened. */
  const patiently = async <T>(method: Method, work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const pauseMs = pauseBefore(error, method, attempt);
        if (pauseMs === undefined) throw error;
        await clock.sleep(pauseMs, signal);
      }
    }
  };

  const send = <S extends z.ZodMiniType>(method: Method, path: string, shape: S, body?: unknown) =>
    patiently(method, async () => {
      const answer = await once(method, path, body === undefined ? undefined : JSON.stringify(body));
      return readAnswer(method, urlOf(path), answer, shape);
    });

  return {
    baseUrl: transport.baseUrl,
    get: (path, shape) => send("GET", path, shape),
    async list(path, shape) {
      const all: z.infer<typeof shape>[] = [];
      const join = path.includes("?") ? "&" : "?";
      for (let cursor: string | undefined = ""; cursor !== undefined; ) {
        const page = `${path}${join}limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
        cursor = await patiently("GET", async () => {
          const answer = await once("GET", page);
          all.push(...readAnswer("GET", urlOf(page), answer, z.array(shape)));
          return nextCursor(answer);
        });
      }
      return all;
    },
    post: (path, body, shape) => send("POST", path, shape, body),
    put: (path, body, shape) => send("PUT", path, shape, body),
    delete: (path) =>
      patiently("DELETE", async () => {
        const answer = await once("DELETE", path);
        if (answer.status !== 404) refuse("DELETE", urlOf(path), answer);
      }),
    raw: (method, path, body, headers) =>
      patiently(method, async () => {
        const answer = await once(method, path, body, headers);
        if (answer.status >= 500 || answer.status === 429) refuse(method, urlOf(path), answer);
        return answer;
      }),
  };
}

/** Milliseconds until the next try, or undefined for none. */
function pauseBefore(error: unknown, method: Method, attempt: number): number | undefined {
  if (attempt >= TRIES) return undefined;
  const backoff = 250 * 2 ** attempt * (0.75 + Math.random() * 0.25);
  if (error instanceof AnswerError && error.code === "GC1207") {
    const asked = error.retryAfterMs ?? backoff;
    return asked <= LONGEST_WAIT_MS ? asked : undefined;
  }
  const repeatable = method === "GET" || method === "DELETE";
  if (error instanceof TransportError && !error.sent) return backoff;
  return repeatable && outcomeUnknown(error) ? backoff : undefined;
}

/** The Link header is a Python set's text (pagination scenario); the last page has `results="false"`. */
function nextCursor({ headers }: RawAnswer): string | undefined {
  const next = String(headers.link ?? "")
    .split("<")
    .find((part) => part.includes('rel="next"') && part.includes('results="true"'));
  const cursor = next && /cursor="([^"]+)"/.exec(next)?.[1];
  return cursor || undefined;
}
