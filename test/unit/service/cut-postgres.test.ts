import { expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { openQueueEngine } from "../../../src/service/engine.ts";
import { startCuttingPostgres } from "../../support/cutting-postgres.ts";
import { PostgresStore } from "../../support/stand-in/postgres-store.ts";

// An `error` event without a listener would end the process; here it would fail the whole run.
it("a Postgres that is killed while the service creates its tables is told as an engine that does not answer", async () => {
  await using postgres = await startCuttingPostgres();
  const address = new Secret(`postgres://test@127.0.0.1:${postgres.port}/test`);
  const opened = openQueueEngine(address, { clock: systemClock, onError: () => {} });
  await expect(opened).rejects.toMatchObject({ code: "GC2007" });
});

it("a Postgres that is killed during a query does not end the stand-in", async () => {
  await using postgres = await startCuttingPostgres();
  const address = { host: "127.0.0.1", port: postgres.port, database: "test", user: "test", password: "x" };
  const store = new PostgresStore(address);
  await expect(store.work(() => {})).rejects.toThrow("Connection terminated unexpectedly");
  await store.close();
});
