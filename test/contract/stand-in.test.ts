import { Client } from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSuperuser } from "../../src/emulator/accounts.ts";
import { listen } from "../../src/emulator/server.ts";
import { work } from "../../src/emulator/worker.ts";
import { makeWorld } from "../../src/emulator/world.ts";
import { PostgresStore } from "../support/stand-in/postgres-store.ts";
import { readSettings } from "../support/stand-in/settings.ts";
import { expectAsRecorded } from "./compare.ts";
import { ADMIN, play } from "./player.ts";
import { loadScenario, RECORDED, SCENARIOS } from "./scenario.ts";

/** A Postgres server in which the tests may create and drop databases. */
const DATABASE_URL = process.env.STAND_IN_DATABASE_URL;
const SCRATCH = "stand_in_contract";

if (DATABASE_URL === undefined) {
  process.stderr.write("skipped, no STAND_IN_DATABASE_URL: the stand-in on Postgres against the recordings\n");
}

describe.skipIf(DATABASE_URL === undefined).each(RECORDED)(
  "the stand-in as GlitchTip %s answers as recorded",
  { concurrent: false },
  (generation) => {
    it.each(SCENARIOS)("%s", async (name) => {
      const scenario = loadScenario(name);
      const { registration, accounts, database, worker } = scenario.server;
      let now = Date.UTC(2026, 10, 21, 9);
      let url = "";
      const world = makeWorld(generation, {
        registration: registration ? "open" : "closed",
        processingDelayMs: 0,
        domain: () => url,
        now: () => now,
      });
      const settings = await emptyDatabase();
      const [web, workers] = [new PostgresStore(settings), new PostgresStore(settings)];
      onTestFinished(() => Promise.all([web.close(), workers.close()]).then(() => {}));
      if (database !== "empty") await workers.migrate();
      if (database !== "empty" && accounts !== "none") {
        const created = new Date(now).toISOString();
        await workers.use(true, (state) => createSuperuser(state, ADMIN.email, ADMIN.password, created));
      }
      const server = await listen({ world, store: web, host: "127.0.0.1", port: 0 });
      onTestFinished(() => server.close());
      url = `http://127.0.0.1:${server.port}`;
      const played = await play(scenario, {
        url,
        async pass(ms) {
          now += ms;
          if (worker) await workers.work((state) => work(state, world));
        },
      });
      expectAsRecorded(generation, name, played);
    });
  },
);

describe.skipIf(DATABASE_URL === undefined)("the stand-in on the tables of another image", () => {
  it("does not start, like a real server without the columns that it reads, and its migrations never go back", async () => {
    const store = new PostgresStore(await emptyDatabase());
    onTestFinished(() => store.close());
    await store.refuseOtherSchema(4);
    await store.migrate(3);
    await store.refuseOtherSchema(3);
    await expect(store.refuseOtherSchema(4)).rejects.toThrow("the tables have 3 migrations, and this image has 4");
    await store.migrate(4);
    await store.refuseOtherSchema(4);
    await store.migrate(3);
    await expect(store.refuseOtherSchema(3)).rejects.toThrow("the tables have 4 migrations, and this image has 3");
  });
});

async function emptyDatabase() {
  const { database: settings } = readSettings({ DATABASE_URL, SECRET_KEY: "test" });
  const client = new Client({ ...settings });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${SCRATCH}`);
  await client.query(`CREATE DATABASE ${SCRATCH}`);
  await client.end();
  return { ...settings, database: SCRATCH };
}
