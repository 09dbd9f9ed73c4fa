import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { expectAsRecorded } from "./compare.ts";
import { REAL_SERVER, settle } from "./differences.ts";
import { makeFresh } from "./fresh-server.ts";
import { inOwnOrganization, NEEDS_A_FRESH_SERVER, type Run, withoutRun } from "./own-organization.ts";
import { ADMIN, play } from "./player.ts";
import { loadScenario, RECORDED, SCENARIOS } from "./scenario.ts";

/** The variables are described in README.md, "A real server". */
const {
  GLITCHTIP_TEST_URL: url,
  GLITCHTIP_TEST_EMAIL: email = ADMIN.email,
  GLITCHTIP_TEST_PASSWORD: password = ADMIN.password,
  GLITCHTIP_TEST_RESET: reset,
} = process.env;
const version = process.env.GLITCHTIP_TEST_GENERATION ?? (url === undefined ? "" : await versionOf(url));
const generation = RECORDED.find((known) => version.replace(/^v/, "").startsWith(known));

if (url === undefined) {
  process.stderr.write("skipped, no GLITCHTIP_TEST_URL: a real server against the recordings\n");
}

describe.skipIf(url === undefined)(
  `the real server${url === undefined ? "" : ` ${version} at ${url}`} answers as recorded`,
  { concurrent: false, timeout: 300_000 },
  () => {
    if (generation === undefined || url === undefined) {
      it.skip(`there is no recording of ${version}: recorded are ${RECORDED.join(", ")}`);
      return;
    }
    const stage = { url: url.replace(/\/$/, ""), pass: (ms: number) => sleep(ms) };
    if (reset === undefined) {
      const scenarios = SCENARIOS.filter((name) => NEEDS_A_FRESH_SERVER[name] === undefined);
      it.each(scenarios)("%s, in an organization of its own", async (name) => {
        const run: Run = { account: { email, password }, id: randomBytes(4).toString("hex") };
        const scenario = loadScenario(name);
        const played = await play(inOwnOrganization(scenario, run), stage);
        expectAsRecorded(generation, name, played, (all) => settle(name, withoutRun(scenario, all, run), REAL_SERVER));
      });
      for (const [name, reason] of Object.entries(NEEDS_A_FRESH_SERVER)) it.skip(`${name}: ${reason}`);
    } else {
      it.each(SCENARIOS)("%s, on a fresh database", async (name) => {
        const scenario = loadScenario(name);
        await makeFresh(reset, scenario);
        const played = await play(scenario, stage);
        expectAsRecorded(generation, name, played, (all) => settle(name, all, REAL_SERVER));
      });
    }
  },
);

async function versionOf(server: string): Promise<string> {
  const settings: unknown = await (await fetch(new URL("/api/settings/", server))).json();
  const { version: said } = settings as { version?: unknown };
  return typeof said === "string" ? said : "of no version";
}
