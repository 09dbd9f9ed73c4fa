import { setFlagsFromString } from "node:v8";

/** From here on the heap would grow with what is read. */
const MANY = 2_000;
/** A declaration of so many objects. */
const MANY_CHARACTERS = 1_000 * MANY;
const FRUGAL = ["--semi-space-growth-factor=1", "--optimize-for-size"];

/**
 * Sets V8 up, for the whole process, for reading so many objects over the network and keeping little of them. Many: the
 * heap is not let grow far beyond what is alive (93 MB instead of 175 at ten thousand projects). Not many: the process
 * is over before optimised code pays, and the young objects get their room at once (a fifth less CPU). docs/speed.md.
 */
export function prepareForReading(objects: number): void {
  const flags = objects >= MANY ? FRUGAL : ["--semi-space-growth-factor=16", "--no-opt"];
  for (const flag of flags) setFlagsFromString(flag);
}

/** The same before a long text is taken apart, whose pieces are garbage at once. */
export function prepareForText(text: string): void {
  if (text.length >= MANY_CHARACTERS) for (const flag of FRUGAL) setFlagsFromString(flag);
}
