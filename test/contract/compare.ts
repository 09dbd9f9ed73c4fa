import { expect } from "vitest";
import { settle } from "./differences.ts";
import { type Exchange, loadRecording, type RecordedGeneration } from "./scenario.ts";

/** Compares what was played with the recording, step by step. */
export function expectAsRecorded(
  generation: RecordedGeneration,
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
