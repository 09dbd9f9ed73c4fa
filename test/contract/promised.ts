import { id, only, type Row } from "./recorded.ts";

/** These return what the client has to return for a recorded row. */
export const withId = (row: Row, ...names: string[]) => ({ ...only(row, ...names), id: id(row) });
export const organization = (row: Row) => withId(row, "slug", "name", "dateCreated");
export const team = (row: Row) => withId(row, "slug");
export const project = (row: Row): Row => ({
  ...withId(row, "slug", "name", "dateCreated", "platform", "eventThrottleRate"),
  ...(row.teams ? { teams: (row.teams as Row[]).map(team) } : {}),
});
export const key = (row: Row) => only(row, "id", "public", "name", "label", "rateLimit");
