/** What goes wrong with a request. "Acted" = the server did what was asked before it went wrong. */
export type FaultEffect =
  /** Answers this; `acted` false (default): nothing was done. */
  | {
      readonly kind: "answer";
      readonly status: number;
      /** A text, or a value that is sent as JSON. Default: a short HTML page. */
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly acted?: boolean;
    }
  /** 429, with Retry-After in seconds or as a date. */
  | { readonly kind: "rate-limit"; readonly retryAfter?: number | Date }
  /** The connection is reset. */
  | { readonly kind: "reset"; readonly acted?: boolean }
  /** No answer, the connection stays open. */
  | { readonly kind: "hang"; readonly acted?: boolean }
  /** The real answer, its body in pieces of `bytes` (1) every `everyMs` (50). */
  | { readonly kind: "drip"; readonly bytes?: number; readonly everyMs?: number }
  /** The real answer, cut after `bytes` of its body (half of it). */
  | { readonly kind: "truncate"; readonly bytes?: number }
  /** The real answer with a content-length that is off by so many bytes. */
  | { readonly kind: "content-length"; readonly offBy: number }
  /** 301 to `location`, or to the same path with https. */
  | { readonly kind: "redirect"; readonly location?: string }
  /** 200 and a web page. */
  | { readonly kind: "html" }
  /** The real answer, later. */
  | { readonly kind: "delay"; readonly delayMs: number };

export interface Fault {
  /** Default: every method. */
  readonly method?: string;
  /** Against path and query. Default: every path. */
  readonly path?: RegExp;
  /** Starts with the so-many-th request that fits, counted from 1. Default 1. */
  readonly nth?: number;
  /** How many requests it hits. Default 1; `Infinity` = all from there on. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

interface Armed {
  readonly fault: Fault;
  seen: number;
}

/** The faults of one emulator and how often each has fitted. */
export class Faults {
  #armed: Armed[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, seen: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The effect on this request, if any; every fault that fits counts it. */
  hit(method: string, target: string): FaultEffect | undefined {
    let effect: FaultEffect | undefined;
    for (const armed of this.#armed) {
      const { method: wanted, path, nth = 1, times = 1 } = armed.fault;
      if (wanted !== undefined && wanted.toUpperCase() !== method) continue;
      if (path && target.search(path) < 0) continue;
      armed.seen += 1;
      if (armed.seen >= nth && armed.seen < nth + times) effect ??= armed.fault.effect;
    }
    return effect;
  }
}
