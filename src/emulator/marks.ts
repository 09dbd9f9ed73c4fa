import type { State } from "./state.ts";

/** Expiring marks: limits and blocks, which the real server keeps in its cache. */
export function setMark(state: State, name: string, untilMs: number): void {
  state.marks.insert({ name, untilMs });
}

/** How many marks of this name still hold; drops the expired ones. */
export function countMarks(state: State, name: string, nowMs: number): number {
  const marks = state.marks.where("name", name);
  for (const mark of marks) if (mark.untilMs <= nowMs) state.marks.delete(mark.id);
  return marks.filter((mark) => mark.untilMs > nowMs).length;
}
