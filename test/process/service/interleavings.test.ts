import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/wait.ts";
import type { Emulator } from "../../../src/emulator/index.ts";
import { serversIn } from "../../../src/management/index.ts";
import { startServer } from "../../support/emulator.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { openWorkers } from "../../support/service-workers.ts";
import { needsValkey } from "../../support/valkey.ts";

const SERVERS = ["a", "b", "c"] as const;
type ServerName = (typeof SERVERS)[number];
/** More than are sent at once: the writes of two runs side by side would not come one after the other. */
const ALERTS = 6;
/** Each round has a project of its own, so that it begins with no alerts. */
const ROUNDS_OF_AN_EMULATOR = 25;

interface Round {
  readonly nth: number;
  readonly sets: readonly (readonly ServerName[])[];
  /** When each run is submitted. */
  readonly delaysMs: readonly number[];
}

const projectOf = (round: number) => `project-${String((round % ROUNDS_OF_AN_EMULATOR) + 1).padStart(5, "0")}`;

/** Declares alerts that no other run has, and deletes none. */
function declarationOf(run: string, round: number, name: ServerName, url: string): string {
  const alerts = Array.from({ length: ALERTS }, (_, nth) => ({
    name: `${run}/${nth}`,
    quantity: 1,
    timespanMinutes: 1,
    recipients: [{ type: "email" }],
  }));
  const organizations = { Acme: { projects: { [projectOf(round)]: { alerts } } } };
  const server = { url, token: `env:TOKEN_${name.toUpperCase()}`, organizations, manage: "alerts" };
  return JSON.stringify({ version: 1, servers: { [name]: server } });
}

/** The runs in the order in which they wrote to a server. One that is there twice had another one in between. */
function writersOf(emulator: Emulator, round: number): string[] {
  const alerts = emulator.snapshot().alerts.filter(({ project }) => project === projectOf(round));
  const runs = alerts.map(({ name }) => name.split("/")[0] ?? "");
  return runs.filter((run, at) => run !== runs[at - 1]);
}

describe("applies of overlapping sets of servers", () => {
  it("never write to one server side by side, in random interleavings", async ({ skip }) => {
    needsValkey(skip);
    await using workers = await openWorkers();
    for (let count = 0; count < 2; count++) workers.start(4);
    const emulators = new Map<ServerName, Emulator>();
    const renew = async () => {
      for (const name of SERVERS) {
        await emulators.get(name)?.close();
        const emulator = await startServer({ seed: { projects: ROUNDS_OF_AN_EMULATOR }, slow: { serviceMs: 3 } });
        emulators.set(name, emulator);
        workers.env[`TOKEN_${name.toUpperCase()}`] = emulator.mintToken();
      }
    };
    const perform = async ({ nth, sets, delaysMs }: Round) => {
      const applied = sets.map(async (names, at) => {
        await systemClock.sleep(delaysMs[at] ?? 0);
        const run = `run-${nth}-${at}`;
        const servers = names.flatMap((name) =>
          serversIn("/", `${name}.json`, declarationOf(run, nth, name, emulators.get(name)?.url ?? "")),
        );
        return await workers.apply(run, servers);
      });
      for (const [at, record] of (await Promise.all(applied)).entries()) {
        const applied_count = (sets[at]?.length ?? 0) * ALERTS;
        expect(record).toMatchObject({ state: "success", report: { applied_count, errors: [] } });
      }
      for (const [name, emulator] of emulators) {
        const writers = sets.flatMap((names, at) => (names.includes(name) ? [`run-${nth}-${at}`] : []));
        expect(writersOf(emulator, nth).toSorted()).toEqual(writers);
      }
    };
    let nth = 0;
    const servers = fc.uniqueArray(fc.constantFrom(...SERVERS), { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(servers, { minLength: 2, maxLength: 3 }),
        fc.array(fc.nat(10), { minLength: 3, maxLength: 3 }),
        async (sets, delaysMs) => {
          if (nth % ROUNDS_OF_AN_EMULATOR === 0) await renew();
          await perform({ nth: nth++, sets, delaysMs });
        },
      ),
      // The moment of each request is not fast-check's to choose: a smaller example would show nothing.
      { ...propertyRuns(500), endOnFailure: true },
    );
    for (const emulator of emulators.values()) await emulator.close();
  }, 300_000);
});
