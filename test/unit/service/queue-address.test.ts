import { expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { openQueueEngine } from "../../../src/service/engine.ts";

it.each([
  "postgres://user:p@ss#word@127.0.0.1:1/db",
  "postgres://user:1/hunter2@127.0.0.1:1/db",
  "postgres://user:pa/hunter2@127.0.0.1:1/db",
  "postgres://user:hunter2%zz@127.0.0.1:1/db",
  "postgres://user:hunter2@127.0.0.1:99999/db",
  "redis://:p#hunter2@127.0.0.1:1",
  "postgres://",
])("the queue's address %s is refused as no URL, without what may be its pahunter2", async (address) => {
  const opened = openQueueEngine(new Secret(address), { clock: systemClock, onError() {} });
  const error = await opened.catch((failed: unknown) => failed);
  expect(error).toMatchObject({ code: "GC1001" });
  expect(JSON.stringify([error, String(error)])).not.toContain("hunter2");
});
