import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseInitOptions } from "../../../src/init/given-options.ts";
import { privateFolder, referenceToFile } from "../../../src/outputs/private-folder.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run } from "./initiating.ts";

const fileOf = (folder: TemporaryFolder) => join(privateFolder(folder.path), "secrets", "email_url");
const mailUrl = (folder: TemporaryFolder) => readFileSync(fileOf(folder), "utf8");

describe("the mail server's address in parts", () => {
  it("is written with its special characters encoded, and the declaration refers to it", async () => {
    using folder = new TemporaryFolder();
    folder.write("password", "p#w/1\n");
    const parts = { emailHost: "smtp.example.com", emailUser: "u@example.com", emailPasswordFile: "password" };
    await run(folder, parts);
    expect(mailUrl(folder)).toBe("smtp+tls://u%40example.com:p%23w%2F1@smtp.example.com:587");
    expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
    expect(folder.read("glitchtip.yaml")).toContain(referenceToFile(fileOf(folder)));
    expect(JSON.stringify(folder.files())).not.toContain("p%23w");
    await run(folder, { emailHost: "smtp.example.com", emailPort: 465 });
    expect(mailUrl(folder)).toBe("smtp+ssl://smtp.example.com:465");
  });

  it("leaves nothing where init fails, and with dryRun", async () => {
    using folder = new TemporaryFolder();
    const emailHost = "smtp.example.com";
    await refusal(run(folder, { emailHost, email: "nobody" }));
    await refusal(run(folder, { emailHost: "smtp.example.com/x" }));
    await run(folder, { emailHost, dryRun: true });
    expect(folder.files()).toEqual({});
    expect(existsSync(privateFolder(folder.path))).toBe(false);
  });

  it("has a user only with a password, and contradicts --email-url", async () => {
    const problems = async (given: Parameters<typeof parseInitOptions>[0]) =>
      (await refusal((async () => parseInitOptions(given))())).problems;
    expect(await problems({ emailHost: "h", emailUser: "u" })).toEqual([
      expect.stringContaining("--email-password-file"),
    ]);
    expect(await problems({ emailPort: "25" })).toEqual([expect.stringContaining("--email-host NAME")]);
    expect(await problems({ emailHost: "h", emailUrl: "env:MAIL" })).toEqual([
      expect.stringContaining("both state the mail server"),
    ]);
  });
});

describe("an address that its reader cannot parse", () => {
  it("is refused by init with all others, and nothing is written", async () => {
    using folder = new TemporaryFolder();
    await run(folder);
    folder.write("mail-url", "smtp://u:pa#ss@h:587");
    folder.write("db-url", "mysql://u:p@db/g");
    const declared = folder.read("glitchtip.yaml").replace("server:", "server:\n  database: { url: file:db-url }");
    folder.write("glitchtip.yaml", `${declared}\nmail: { url: file:mail-url }\n`);
    const before = folder.files();
    const error = await refusal(run(folder));
    expect([error.code, error.problems]).toEqual([
      "GC1107",
      [
        expect.stringMatching(
          /^server.database.url: file:db-url has the unknown scheme mysql:\/\/\. GlitchTip needs Postgres/,
        ),
        expect.stringMatching(/^mail.url: file:mail-url has the character # .*\. Write %23 for #/),
      ],
    ]);
    expect(folder.files()).toEqual(before);
  });
});
