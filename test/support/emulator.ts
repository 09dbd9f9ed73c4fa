import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { ADMIN } from "./provisioning.ts";

/** GlitchTip in memory with its administrator; an event is there as soon as it is accepted. */
export const startServer = (options: EmulatorOptions = {}): Promise<Emulator> =>
  startEmulator({ superuser: ADMIN, processingDelayMs: 0, ...options });
