import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { provisionPart } from "../../../src/config/provision-input.ts";
import { readEnvironment, workerProof } from "../../../src/provisioner/environment.ts";
import { writtenLines } from "../../../src/provisioner/modes.ts";
import { declare, temporaryFolders } from "../../support/provisioning.ts";

it("the provisioner says whose DSN it wrote, and whose the command line has to write", () => {
  const declaration = provisionPart(
    declare({ apps: { api: { project: "shop-api" }, dev: { project: "shop-api", host: true, dotenv: ".env.local" } } }),
  );
  const host = "created the DSN of dev; npx glitchtip-compose up writes it into the dotenv file";
  expect(writtenLines(["api", "dev"], declaration)).toEqual(["wrote the DSN of api", host]);
  expect(writtenLines(["dev"], declaration)).toEqual([host]);
  expect(writtenLines([], declaration)).toEqual(["wrote the DSN of no app"]);
});

it("the provisioner proves the worker where the database's run is another one, or not known", () => {
  using folders = temporaryFolders();
  mkdirSync(folders.state, { recursive: true });
  const file = join(folders.state, "run");
  const proof = (more: Readonly<Record<string, string>> = {}) =>
    workerProof(readEnvironment({ GLITCHTIP_DATABASE_RUN_FILE: file, ...more }));
  expect(workerProof(readEnvironment({}))).toEqual({ provesWorker: false });
  expect(proof()).toEqual({ provesWorker: true });
  writeFileSync(file, "");
  expect(proof()).toEqual({ provesWorker: true });
  writeFileSync(file, "1 image");
  expect(proof()).toEqual({ provesWorker: false, databaseRun: "1 image" });
  expect(proof({ GLITCHTIP_PROVES_WORKER: "true" })).toEqual({ provesWorker: true, databaseRun: "1 image" });
});
