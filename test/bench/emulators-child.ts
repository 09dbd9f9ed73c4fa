import { type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { ADMIN } from "../support/provisioning.ts";

export interface EmulatorsInput {
  readonly count: number;
  readonly options: EmulatorOptions;
}

/** What the process answers on stdout once all of its emulators listen. */
export interface EmulatorsAnswer {
  readonly servers: readonly { readonly url: string; readonly token: string }[];
}

/** Many emulators in a process of their own, so that their work is not done by what is measured. */
const { count, options }: EmulatorsInput = JSON.parse(process.argv[2] ?? "{}");
const servers = [];
for (let nth = 0; nth < count; nth++) {
  const emulator = await startEmulator({ superuser: ADMIN, requestLog: false, ...options });
  servers.push({ url: emulator.url, token: emulator.mintToken() });
}
process.stdout.write(`${JSON.stringify({ servers } satisfies EmulatorsAnswer)}\n`);
