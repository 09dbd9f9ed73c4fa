import { isDeepStrictEqual } from "node:util";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { DEFAULT_IMAGE } from "../config/defaults.ts";
import type { Declaration } from "../config/schema.ts";
import { serverKind } from "../config/server.ts";
import { CAPABILITIES, generationOf } from "../glitchtip/versions.ts";
import { declaredFor, type Sizing, sizeFor } from "../workspace/index.ts";
import type { Refuse } from "./option-row.ts";

/** How many events are expected, and for how many days they are kept. */
export type ExpectedSize = Pick<Sizing, "eventsPerDay" | "retentionDays">;

const MOST_EVENTS = 100_000_000;

export function parseEventsPerDay(text: string, refuse: Refuse): number | undefined {
  const events = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return events >= 1 && events <= MOST_EVENTS ? events : refuse(`a number from 1 to ${MOST_EVENTS}`);
}

/** Parses `90d` or `90`. */
export function parseDays(text: string, refuse: Refuse): number | undefined {
  const days = Number(/^([1-9]\d{0,3})d?$/.exec(text)?.[1] ?? 0);
  return days > 0 ? days : refuse("a number of days such as 90d");
}

/** Parses `50000/90d`. */
export function parseSize(text: string, refuse: Refuse): ExpectedSize | undefined {
  const [events = "", days = "", ...more] = text.split("/");
  if (days === "" || more.length > 0) return refuse("events a day and days, such as 50000/90d");
  const eventsPerDay = parseEventsPerDay(events, refuse);
  const retentionDays = parseDays(days, refuse);
  return eventsPerDay === undefined || retentionDays === undefined ? undefined : { eventsPerDay, retentionDays };
}

interface Given {
  readonly image?: string | undefined;
  readonly topology?: Sizing["topology"] | undefined;
  readonly production: boolean;
}

/** Returns the keys of the declaration that an expected size settles. */
export function keysForSize(size: ExpectedSize, { image = DEFAULT_IMAGE, topology, production }: Given) {
  const generation = generationOf(image)?.generation;
  const possible = generation === undefined ? [] : CAPABILITIES[generation].topologies;
  return declaredFor(sizeFor({ ...size, production, topology, possible }));
}

export interface SizeKey {
  readonly path: readonly string[];
  readonly wanted: unknown;
  readonly found: unknown;
}

/** Returns what a size means for a declaration that is there: keys that are missing in it, and keys that contradict. */
export function compareSize(declaration: Declaration, size: ExpectedSize): { missing: SizeKey[]; other: SizeKey[] } {
  const { server, production, limits, postgres } = declaration;
  if (serverKind(declaration) !== "bundled") throw sizeOfExisting(server.url ?? "");
  const wanted = keysForSize(size, {
    ...defined({ image: server.image, topology: server.topology }),
    production: production !== undefined,
  });
  const keys: readonly SizeKey[] = [
    { path: ["server", "topology"], wanted: wanted.server.topology, found: server.topology },
    {
      path: ["server", "retention", "events"],
      wanted: wanted.server.retention.events,
      found: server.retention?.events,
    },
    { path: ["limits"], wanted: wanted.limits, found: limits },
    { path: ["postgres"], wanted: wanted.postgres, found: postgres },
  ];
  return {
    missing: keys.filter(({ wanted: one, found }) => found === undefined && one !== undefined),
    other: keys.filter(({ wanted: one, found }) => found !== undefined && !isDeepStrictEqual(one, found)),
  };
}

export const sizeOfExisting = (url: string) =>
  new CodedError("GC1001", `--size is for a GlitchTip of this stack, and ${url} is an existing one`, {
    remedy: "Leave --size out.",
  });
