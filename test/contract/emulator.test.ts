import { describe, expect, it } from "vitest";
import { defined } from "../../src/base/defined.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { expectAsRecorded } from "./compare.ts";
import { ADMIN } from "./player.ts";
import { recordScenario } from "./recorder.ts";
import { loadRecording, loadScenario, RECORDED, SCENARIOS } from "./scenario.ts";

/** The emulator's clock stands still unless a scenario pauses or polls. */
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
      ...defined({ superuser: accounts === "none" ? undefined : ADMIN }),
    });
    const stage = { url: emulator.url, pass: (ms: number) => emulator.advance(ms) };
    const { exchanges, ...head } = await recordScenario(scenario, generation, stage);
    expectAsRecorded(generation, name, exchanges);
    const { exchanges: recorded, ...recordedHead } = loadRecording(generation, name);
    expect(head).toEqual(recordedHead);
    expect(exchanges.map(({ request }) => request)).toEqual(recorded.map(({ request }) => request));
  });
});
