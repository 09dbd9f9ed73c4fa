import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { ADMIN } from "./provisioning.ts";

/** Starts an emulator with an administrator. Events are readable as soon as they are accepted. */
export const startServer = (options: EmulatorOptions = {}): Promise<Emulator> =>
  startEmulator({ superuser: ADMIN, processingDelayMs: 0, ...options });
