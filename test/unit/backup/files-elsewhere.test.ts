import { expect, it } from "vitest";
import { describeBackup, missingIn } from "../../../src/backup/create.ts";
import { filesElsewhere } from "../../../src/backup/files-elsewhere.ts";
import { parseManifest } from "../../../src/backup/manifest.ts";
import { manifestWith } from "../../support/manifest.ts";

it.each([
  [{ AWS_STORAGE_BUCKET_NAME: "shop" }, ["uploads in shop (AWS_STORAGE_BUCKET_NAME)"]],
  [{ GS_BUCKET_NAME: "g", GLITCHTIP_COLD_STORAGE_BUCKET: "c" }, [/uploads in g/, /old events in c/]],
  [{ AWS_STORAGE_BUCKET_NAME: "", AWS_S3_ENDPOINT_URL: "https://x" }, []],
  [undefined, []],
])("what %j keeps in a bucket is named", (environment, named) => {
  expect(filesElsewhere(environment)).toEqual(
    named.map((one) => (typeof one === "string" ? one : expect.stringMatching(one))),
  );
});

it("a backup says what is not in it, also when it is read again", () => {
  const elsewhere = filesElsewhere({ AWS_STORAGE_BUCKET_NAME: "shop" });
  const manifest = parseManifest(JSON.stringify(manifestWith({ elsewhere })), "a backup");
  expect(describeBackup({ path: "/b", manifest })).toMatch(
    /; not in this backup: uploads in shop \(AWS_STORAGE_BUCKET_NAME\)$/,
  );
  expect(missingIn({ manifest: manifestWith() })).toBe("");
});
