/** What goes wrong with a request. `acted` means that the server executes the request before it fails. */
export type FaultEffect =
  /** The given answer instead of the real one. `acted` defaults to false. */
  | {
      readonly kind: "answer";
      readonly status: number;
      /** A string, or a value that is serialized to JSON. Default: a short HTML page. */
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly acted?: boolean;
    }
  /** Status 429 with Retry-After, in seconds or as a date. */
  | { readonly kind: "rate-limit"; readonly retryAfter?: number | Date }
  /** Status 500 after the first row of a create, as a real server answers whose database fails meanwhile. */
  | { readonly kind: "half-done" }
  /** The connection is reset. */
  | { readonly kind: "reset"; readonly acted?: boolean }
  /** There is no answer, and the connection stays open. */
  | { readonly kind: "hang"; readonly acted?: boolean }
  /** The real answer; its body arrives in pieces of `bytes` (default 1) every `everyMs` (default 50). */
  | { readonly kind: "drip"; readonly bytes?: number; readonly everyMs?: number }
  /** The real answer, truncated after `bytes` of its body (default: half of it). */
  | { readonly kind: "truncate"; readonly bytes?: number }
  /** The real answer with a content-length that is wrong by `offBy` bytes. */
  | { readonly kind: "content-length"; readonly offBy: number }
  /** Status 301 to `location`; by default to the same path with https. */
  | { readonly kind: "redirect"; readonly location?: string }
  /** Status 200 with a web page. */
  | { readonly kind: "html" }
  /** The real answer after a delay. */
  | { readonly kind: "delay"; readonly delayMs: number };

export interface Fault {
  /** Default: all methods. */
  readonly method?: string;
  /** Is matched against path and query. Default: all paths. */
  readonly path?: RegExp;
  /** The number of the first matching request that is affected, counted from 1. Default 1. */
  readonly nth?: number;
  /** How many requests are affected. Default 1; `Infinity` affects all that follow. */
  readonly times?: number;
  readonly effect: FaultEffect;
}
