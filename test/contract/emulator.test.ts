import { describe, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { settle } from "./differences.ts";
import { play } from "./player.ts";
import { loadRecording, loadScenario, RECORDED, SCENARIOS } from "./scenario.ts";

/** Stands still unless a scenario pauses or polls. */
const START = Date.UTC(2026, 10, 21, 9);

describe.each(RECORDED)("the emulator as GlitchTip %s answers as recorded", (generation) => {
  for (const name of SCENARIOS) {
    it(name, async () => {
      const scenario = loadScenario(name);
      const { registration, accounts, database, worker } = scenario.server;
      await using emulator = await startEmulator({
        generation,
        now: () => START,
        registration: registration ? "open" : "closed",
        database: database ?? "migrated",
        worker: worker ?? false,
        ...(accounts === "none" ? {} : { superuser: { email: "admin@example.com", password: "Correct-Horse-7" } }),
      });
      const played = await play(scenario, { url: emulator.url, pass: (ms) => emulator.advance(ms) });
      const expected = settle(name, loadRecording(generation, name));
      const actual = settle(name, played);
      expect(actual.map(({ step }) => step)).toEqual(expected.map(({ step }) => step));
      for (const [at, exchange] of expected.entries()) {
        expect.soft(actual[at]?.response, exchange.step).toEqual(exchange.response);
      }
    });
  }
});
