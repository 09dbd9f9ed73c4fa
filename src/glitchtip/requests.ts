import { CodedError } from "../base/errors.ts";
import type { HttpAnswer, HttpMethod } from "../http/http.ts";
import { readAnswer, refuse } from "./answers.ts";
import { type RetryContext, retryRequest } from "./retry.ts";
import type { Transport } from "./transport.ts";
import { listOf, type Shape } from "./wire/shape.ts";

export interface Requests {
  readonly baseUrl: string;
  get<T>(path: string, shape: Shape<T>): Promise<T>;
  /** Every page of a list, by cursor only: the links' host is the server's idea of itself (pagination scenario). */
  list<T>(path: string, shape: Shape<T>): Promise<T[]>;
  /** The same page by page, so that work on the first can begin before the last has come. */
  pages<T>(path: string, shape: Shape<T>): AsyncGenerator<T[], void, void>;
  /** Not repeated where the server may have acted, unless that is `harmless`: the caller looks first. */
  post<T>(path: string, body: unknown, shape: Shape<T>, options?: Harmless): Promise<T>;
  /** `harmless`: done twice it changes nothing more, so that it is repeated like a read. */
  put<T>(path: string, body: unknown, shape: Shape<T>, options?: Harmless): Promise<T>;
  delete(path: string): Promise<void>;
  /** Any answer below 500 but 429, unjudged; for calls whose refusals are expected. `harmless`: may be done twice. */
  raw(method: HttpMethod, path: string, body?: string, options?: Harmless): Promise<HttpAnswer>;
}

interface Harmless {
  readonly harmless?: boolean;
}

export interface RequestContext extends RetryContext {
  readonly transport: Transport;
  /** Told each answer, for cookies. */
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
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...context.headers(method),
        },
        ...(body === undefined ? {} : { body }),
      },
      signal,
    );
    context.seen?.(answer);
    return answer;
  };

  const patiently = <T>(method: HttpMethod, work: () => Promise<T>, harmless = false): Promise<T> =>
    retryRequest(context, harmless || method === "GET" || method === "DELETE", work);

  const send = <T>(method: HttpMethod, path: string, shape: Shape<T>, body?: unknown, harmless?: boolean) =>
    patiently(
      method,
      async () => {
        const answer = await once(method, path, body === undefined ? undefined : JSON.stringify(body));
        return readAnswer(method, urlOf(path), answer, shape);
      },
      harmless,
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
      // Also a longer circle than to the same page has to end.
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
    post: (path, body, shape, { harmless } = {}) => send("POST", path, shape, body, harmless),
    put: (path, body, shape, { harmless } = {}) => send("PUT", path, shape, body, harmless),
    delete: (path) =>
      patiently("DELETE", async () => {
        const answer = await once("DELETE", path);
        if (answer.status !== 404) refuse("DELETE", urlOf(path), answer);
      }),
    raw(method, path, body, { harmless } = {}) {
      const work = async () => {
        const answer = await once(method, path, body);
        if (answer.status >= 500 || answer.status === 429) refuse(method, urlOf(path), answer);
        return answer;
      };
      return patiently(method, work, harmless);
    },
  };
}

/** The Link header is a Python set's text (pagination scenario); the last page has `results="false"`. */
function nextCursor({ headers }: HttpAnswer): string | undefined {
  const link = String(headers.link ?? "");
  if (!link.includes('results="true"')) return undefined;
  const next = link.split("<").find((part) => part.includes('rel="next"') && part.includes('results="true"'));
  const cursor = next && /cursor="([^"]+)"/.exec(next)?.[1];
  return cursor || undefined;
}
