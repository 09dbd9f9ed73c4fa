import { expect, it } from "vitest";
import { provisionPart } from "../../../src/config/provision-input.ts";
import { writtenLines } from "../../../src/provisioner/modes.ts";
import { declare } from "../../support/provisioning.ts";

it("the provisioner says whose DSN it wrote, and whose the command line has to write", () => {
  const declaration = provisionPart(
    declare({ apps: { api: { project: "shop-api" }, dev: { project: "shop-api", host: true, dotenv: ".env.local" } } }),
  );
  const host = "created the DSN of dev; npx glitchtip-compose up writes it into the dotenv file";
  expect(writtenLines(["api", "dev"], declaration)).toEqual(["wrote the DSN of api", host]);
  expect(writtenLines(["dev"], declaration)).toEqual([host]);
  expect(writtenLines([], declaration)).toEqual(["wrote the DSN of no app"]);
});
