import { describe, it } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { expectAsRecorded } from "./compare.ts";
import { ADMIN, play } from "./player.ts";
import { loadScenario, RECORDED, SCENARIOS } from "./scenario.ts";

/** Stands still unless a scenario pauses or polls. */
const START = Date.UTC(2026, 10, 21, 9);

describe.each(RECORDED)("the emulator as GlitchTip %s answers as recorded", (generation) => {
  it.each(SCENARIOS)("%s", async (name) => {
    const scenario = loadScenario(name);
    const { registration, accounts, database, worker } = scenario.server;
    await using emulator = await startEmulator({
      generation,
      now: () => START,
      registration: registration ? "open" : "closed",
      database: database ?? "migrated",
      worker: worker ?? false,
      ...(accounts === "none" ? {} : { superuser: ADMIN }),
    });
    const played = await play(scenario, { url: emulator.url, pass: (ms) => emulator.advance(ms) });
    expectAsRecorded(generation, name, played);
  });
});
