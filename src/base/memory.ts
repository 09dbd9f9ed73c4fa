import { setFlagsFromString } from "node:v8";

/** From here on the heap would grow with what is read. */
const MANY = 2_000;
/** A declaration of so many objects. */
const MANY_BYTES = 1_000 * MANY;
const FRUGAL = ["--semi-space-growth-factor=1", "--optimize-for-size", "--opt"];
const HASTY = ["--no-opt"];

/** For a process that is over before optimised code pays: to make it would take a fifth of its CPU. docs/speed.md. */
export const prepareForShort = (): void => set(HASTY);

/**
 * Sets V8 up, for the whole process, for reading so many objects over the network and keeping little of them. Many: the
 * heap is not let grow far beyond what is alive (93 MB instead of 175 at ten thousand projects). Not many: it is short,
 * and the young objects get their room at once. docs/speed.md.
 */
export const prepareForReading = (objects: number): void =>
  set(objects >= MANY ? FRUGAL : ["--semi-space-growth-factor=16", ...HASTY]);

/** The same before a long text is taken apart, whose pieces are garbage at once. */
export function prepareForText(bytes: number): void {
  if (bytes >= MANY_BYTES) set(FRUGAL);
}

function set(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}
