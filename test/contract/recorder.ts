import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, ADMIN, play, type Stage } from "./player.ts";
import type { Recording, Scenario } from "./scenario.ts";

/** Plays a scenario against a server and returns the recording. `account` replaces the superuser of the scenario. */
export async function recordScenario(
  scenario: Scenario,
  generation: string,
  stage: Stage,
  account: Account = ADMIN,
): Promise<Recording> {
  const exchanges = await play(renamed(scenario, ADMIN, account), stage, account);
  const { name, about, server } = scenario;
  return renamed({ scenario: name, about, server, era: generation, exchanges }, account, ADMIN);
}

/** Writes a recording to a folder, in the format of the existing ones, and returns its path. */
export function writeRecording(folder: string, recording: Recording): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${recording.scenario}.json`);
  writeFileSync(path, JSON.stringify(recording, null, 1));
  return path;
}

function renamed<T>(value: T, from: Account, to: Account): T {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const text = JSON.stringify(value)
    .replaceAll(inJson(from.email), inJson(to.email))
    .replaceAll(inJson(from.password), inJson(to.password));
  return JSON.parse(text) as T;
}
