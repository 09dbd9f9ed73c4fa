import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { HttpAnswer, HttpMethod } from "../http/http.ts";
import { readAnswer, refuse } from "./answers.ts";
import { type RetryContext, retryRequest } from "./retry.ts";
import type { Transport } from "./transport.ts";
import { listOf, type Shape } from "./wire/shape.ts";

export interface Requests {
  readonly baseUrl: string;
  get<T>(path: string, shape: Shape<T>): Promise<T>;
  /** Returns all pages of a list. Only the links' cursors are used: their host is GLITCHTIP_DOMAIN (pagination scenario). */
  list<T>(path: string, shape: Shape<T>): Promise<T[]>;
  /** Yields the pages of a list, so that work on the first can begin before the last has come. */
  pages<T>(path: string, shape: Shape<T>): AsyncGenerator<T[], void, void>;
  /** Is not retried where the server may have acted, unless it is `idempotent`: the caller looks first. */
  post<T>(path: string, body: unknown, shape: Shape<T>, options?: Idempotence): Promise<T>;
  /** With `idempotent` it is retried like a read. */
  put<T>(path: string, body: unknown, shape: Shape<T>, options?: Idempotence): Promise<T>;
  delete(path: string): Promise<void>;
  /** Returns any answer below 500 except 429, for calls whose refusals are expected. */
  raw(method: HttpMethod, path: string, body?: string, options?: Idempotence): Promise<HttpAnswer>;
}

interface Idempotence {
  readonly idempotent?: boolean;
}

export interface RequestContext extends RetryContext {
  readonly transport: Transport;
  /** Called with each answer, for cookies. */
  seen?(answer: HttpAnswer): void;
  headers(method: HttpMethod): Readonly<Record<string, string>>;
}

export function openRequests(context: RequestContext): Requests {
  const { transport, signal } = context;
  const urlOf = (path: string) => transport.baseUrl + path;

  const once = async (method: HttpMethod, path: string, body?: string) => {
    const answer = await transport.send(
      {
        method,
        path,
        headers: {
          accept: "application/json",
          ...defined({ "content-type": body === undefined ? undefined : "application/json" }),
          ...context.headers(method),
        },
        ...defined({ body }),
      },
      signal,
    );
    context.seen?.(answer);
    return answer;
  };

  const patiently = <T>(method: HttpMethod, work: () => Promise<T>, idempotent = false): Promise<T> =>
    retryRequest(context, idempotent || method === "GET" || method === "DELETE", work);

  const send = <T>(method: HttpMethod, path: string, shape: Shape<T>, body?: unknown, idempotent?: boolean) =>
    patiently(
      method,
      async () => {
        const answer = await once(method, path, body === undefined ? undefined : JSON.stringify(body));
        return readAnswer(method, urlOf(path), answer, shape);
      },
      idempotent,
    );

  async function* pages<T>(path: string, shape: Shape<T>): AsyncGenerator<T[], void, void> {
    const whole = listOf(shape);
    const first = `${path}${path.includes("?") ? "&" : "?"}limit=100`;
    const seen = new Set<string>();
    for (let url = first; ; ) {
      const { items, next } = await patiently("GET", async () => {
        const answer = await once("GET", url);
        return { items: readAnswer("GET", urlOf(url), answer, whole), next: nextCursor(answer) };
      });
      yield items;
      if (next === undefined) return;
      // A cycle of several pages has to end, too.
      if (seen.has(next)) throw new CodedError("GC1202", `GET ${urlOf(url)}: the next page is the same one as before`);
      seen.add(next);
      url = `${first}&cursor=${encodeURIComponent(next)}`;
    }
  }

  return {
    baseUrl: transport.baseUrl,
    get: (path, shape) => send("GET", path, shape),
    async list<T>(path: string, shape: Shape<T>) {
      const all: T[] = [];
      for await (const page of pages(path, shape)) all.push(...page);
      return all;
    },
    pages,
    post: (path, body, shape, { idempotent } = {}) => send("POST", path, shape, body, idempotent),
    put: (path, body, shape, { idempotent } = {}) => send("PUT", path, shape, body, idempotent),
    delete: (path) =>
      patiently("DELETE", async () => {
        const answer = await once("DELETE", path);
        if (answer.status !== 404) refuse("DELETE", urlOf(path), answer);
      }),
    raw(method, path, body, { idempotent } = {}) {
      const work = async () => {
        const answer = await once(method, path, body);
        if (answer.status >= 500 || answer.status === 429) refuse(method, urlOf(path), answer);
        return answer;
      };
      return patiently(method, work, idempotent);
    },
  };
}

/** Reads the Link header, which is the text of a Python set (pagination scenario); the last page has `results="false"`. */
function nextCursor({ headers }: HttpAnswer): string | undefined {
  const link = String(headers.link ?? "");
  if (!link.includes('results="true"')) return undefined;
  const next = link.split("<").find((part) => part.includes('rel="next"') && part.includes('results="true"'));
  const cursor = next && /cursor="([^"]+)"/.exec(next)?.[1];
  return cursor || undefined;
}
