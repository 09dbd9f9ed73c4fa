/**
 * What a declaration wants of a server, what the server has, and what lies between: the one normal form that observe,
 * plan, apply, pull and import share. Pure data. A list that is left out is not managed (desired) or was not read
 * (observed); an empty one means none.
 */

/** In the order in which they are made; taken away in the opposite one. */
export const KINDS = ["organization", "team", "project", "member", "key", "alert", "monitor", "statusPage"] as const;
export type Kind = (typeof KINDS)[number];

export type * from "./desired.ts";
export type * from "./observed.ts";
