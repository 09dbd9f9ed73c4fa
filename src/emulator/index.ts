/** GlitchTip's API in memory, for tests and demonstrations: `glitchtip-compose/emulator`. */
export type { Generation } from "../glitchtip/versions.ts";
export type { Fault, FaultEffect } from "./fault.ts";

export type { Emulator, EmulatorOptions, RequestRecord, Snapshot, WorkerState } from "./options.ts";

export { startEmulator } from "./start.ts";
