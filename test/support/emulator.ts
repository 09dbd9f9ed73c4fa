import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { ADMIN } from "./provisioning.ts";

/** Of GlitchTip: all that are supported. */
export const GENERATIONS = ["4.1", "5.1", "5.2", "6"] as const;

/** GlitchTip in memory with its administrator; an event is there as soon as it is accepted. */
export const startServer = (options: EmulatorOptions = {}): Promise<Emulator> =>
  startEmulator({ superuser: ADMIN, processingDelayMs: 0, ...options });
