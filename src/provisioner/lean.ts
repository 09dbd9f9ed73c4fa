import { setFlagsFromString } from "node:v8";

/**
 * Loaded before undici: its WebAssembly parser is otherwise compiled by the optimising tier, which costs a process that
 * lives for a tenth of a second more than all its requests (design 6: 254 → 117 ms).
 */
setFlagsFromString("--liftoff-only");
