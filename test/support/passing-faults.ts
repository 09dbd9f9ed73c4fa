import type { FaultEffect } from "../../src/emulator/index.ts";

/** Faults that a run has to survive, whichever request they affect. */
export const PASSING_FAULTS: readonly { readonly what: string; readonly effect: FaultEffect }[] = [
  { what: "500", effect: { kind: "answer", status: 500 } },
  { what: "500 although it acted", effect: { kind: "answer", status: 500, acted: true } },
  { what: "502 with a proxy's page", effect: { kind: "answer", status: 502, body: "<title>502 Bad Gateway</title>" } },
  { what: "503", effect: { kind: "answer", status: 503, body: { detail: "starting" } } },
  { what: "429 with Retry-After", effect: { kind: "rate-limit", retryAfter: 7 } },
  { what: "a reset before it acted", effect: { kind: "reset" } },
  { what: "a reset after it acted", effect: { kind: "reset", acted: true } },
  { what: "a body that is cut", effect: { kind: "truncate" } },
];
