import { setFlagsFromString } from "node:v8";

/** Below that the heap is small anyway, and keeping it smaller only costs time: young objects are looked through more often. */
const MANY = 2_000;

/**
 * For a process that reads much and keeps little: the heap is not let grow far beyond what is alive. To be called before
 * the work begins, with the number of objects that will be gone through.
 */
export function keepHeapSmall(objects: number): void {
  if (objects < MANY) return;
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--optimize-for-size");
}
