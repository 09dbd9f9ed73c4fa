import { expect } from "vitest";
import type { Generation } from "../../src/glitchtip/versions.ts";
import { settle } from "./differences.ts";
import { type Exchange, loadRecording } from "./scenario.ts";

/** Compares what was played with the recording, step by step. */
export function expectAsRecorded(
  generation: Generation,
  scenario: string,
  played: readonly Exchange[],
  also: (exchanges: readonly Exchange[]) => readonly Exchange[] = (exchanges) => exchanges,
): void {
  const expected = also(settle(scenario, loadRecording(generation, scenario).exchanges));
  const actual = also(settle(scenario, played));
  expect(actual.map(({ step }) => step)).toEqual(expected.map(({ step }) => step));
  for (const [at, exchange] of expected.entries()) {
    expect.soft(actual[at]?.response, exchange.step).toEqual(exchange.response);
  }
}
