/**
 * Records what a real GlitchTip answers: `npm run contract:record -- --help`. The help below describes the options;
 * docs/development.md describes how a new generation is added.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { makeFresh } from "./fresh-server.ts";
import { ADMIN } from "./player.ts";
import { recordScenario, writeRecording } from "./recorder.ts";
import { loadScenario, SCENARIOS } from "./scenario.ts";

const HELP = `npm run contract:record -- --url URL --generation 7 [options]

Plays the scenarios of test/contract/scenarios against a running GlitchTip and writes what it answers to
test/contract/recordings/GENERATION. Each scenario needs a fresh server, so either name one scenario, or give a command
that makes the server fresh. Record only throwaway servers: recordings are committed.

  --url URL              the server's address
  --generation NAME      the folder of the recordings, for example 5.2
  --scenario NAME        the scenario to record; may be repeated; all by default
  --out FOLDER           where the recordings are written (default: test/contract/recordings/GENERATION)
  --reset COMMAND        a shell command that makes the server fresh before each scenario. It DELETES what the server holds
                         (test/contract/README.md, "A real server")
  --admin-email EMAIL    the superuser (default: ${ADMIN.email}); the password is read from GLITCHTIP_TEST_PASSWORD
                         (default: ${ADMIN.password})
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      generation: { type: "string" },
      scenario: { type: "string", multiple: true },
      out: { type: "string" },
      reset: { type: "string" },
      "admin-email": { type: "string", default: ADMIN.email },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { url, generation, reset, scenario: names = SCENARIOS } = values;
  const problems = [
    ...(url === undefined || !URL.canParse(url) ? ["--url needs the address of a server"] : []),
    ...(generation === undefined || !/^\d+(\.\d+)?$/.test(generation) ? ["--generation needs a name such as 5.2"] : []),
    ...names.filter((name) => !SCENARIOS.includes(name)).map((name) => `there is no scenario "${name}"`),
    ...(reset === undefined && names.length !== 1 ? ["without --reset name one scenario, for a fresh server"] : []),
  ];
  if (url === undefined || generation === undefined || problems.length > 0) {
    console.error([...problems, "", HELP].join("\n"));
    return 2;
  }
  const account = { email: values["admin-email"], password: process.env.GLITCHTIP_TEST_PASSWORD ?? ADMIN.password };
  const stage = { url: new URL(url).origin, pass: (ms: number) => sleep(ms) };
  const folder = values.out ?? join(import.meta.dirname, "recordings", generation);
  for (const name of names) {
    const scenario = loadScenario(name);
    if (reset !== undefined) await makeFresh(reset, scenario);
    const path = writeRecording(folder, await recordScenario(scenario, generation, stage, account));
    console.error(`recorded ${path}`);
  }
  return 0;
}

process.exitCode = await main();
