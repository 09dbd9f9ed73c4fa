import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { declarationSchema } from "../../../src/config/schema.ts";
import { lacksDomain, parseInitOptions } from "../../../src/init/given-options.ts";
import type { InitOptions } from "../../../src/init/init.ts";
import { flagName, isValueRow } from "../../../src/init/option-row.ts";
import { OPTION_ROWS } from "../../../src/init/options.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run, SERVICE } from "./initiating.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

describe("the table of init's options", () => {
  const names = OPTION_ROWS.map(([name]) => name);

  it("names only options that it has", () => {
    const named = OPTION_ROWS.flatMap(([, { needs, notWith }]) => [
      ...(needs?.oneOf ?? []),
      notWith?.option ?? "domain",
    ]);
    expect(named.filter((name) => !names.some((one) => one === name))).toEqual([]);
    expect(new Set(OPTION_ROWS.map(([, row]) => flagName(row))).size).toBe(names.length);
  });

  it("points only at keys that a declaration has", () => {
    const schema = z.toJSONSchema(declarationSchema, { io: "input" }) as Schema;
    const lost = OPTION_ROWS.flatMap(([, row]) => {
      const at = isValueRow(row) ? (row.at ?? []) : [];
      const found = at.reduce<Schema | undefined>(
        (one, key) => (key === "*" ? one?.additionalProperties : one?.properties?.[key]),
        schema,
      );
      return found === undefined ? [at.join(".")] : [];
    });
    expect(lost).toEqual([]);
  });
});

describe("options of init", () => {
  const problemsOf = async (given: Parameters<typeof parseInitOptions>[0]) =>
    (await refusal((async () => parseInitOptions(given))())).problems;

  it("without a project name one that would do", async () => {
    expect(await problemsOf({ apps: ["web", "api=", "=shop"] })).toEqual([
      "--app web: the project is missing. → --app web=web",
      "--app api=: the project is missing. → --app api=api",
      "--app =shop: SERVICE=PROJECT",
    ]);
  });

  it("are parsed into values", () => {
    expect(
      parseInitOptions({
        port: "8100",
        apps: ["api=shop-api", "web=shop=web"],
        entrypoints: ['api=["node","server.js"]'],
        certificate: "cert.pem",
        domain: "errors.example.com",
        size: "50000/90d",
        topology: "split",
        production: true,
      }),
    ).toEqual({
      port: 8100,
      apps: { api: "shop-api", web: "shop=web" },
      entrypoints: { api: ["node", "server.js"] },
      certificate: "file:cert.pem",
      domain: "errors.example.com",
      size: { eventsPerDay: 50_000, retentionDays: 90 },
      topology: "split",
      production: true,
    });
  });

  it("report bad values and bad combinations in one error", async () => {
    const given = {
      port: "0",
      proxy: "nginx",
      network: "shop",
      image: "x:6",
      serverUrl: "https://me:pw@g.example.com",
    };
    expect(await problemsOf(given)).toEqual([
      "--port 0: a number from 1 to 65535",
      "--image is for a GlitchTip of this stack, not for https://…@g.example.com",
      "--port is for a GlitchTip of this stack, not for https://…@g.example.com",
      expect.stringMatching(/^how to sign in: --token/),
      expect.stringMatching(/--domain errors\.example\.com$/),
    ]);
  });

  it("never show what may be a secret", async () => {
    const secrets = { token: "s3cret-token", adminPassword: "s3cret-word", emailUrl: "smtp://me:s3cret@mail" };
    const problems = await problemsOf(secrets);
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(
      expect.arrayContaining(["--email-url", "--token", "--admin-password"]),
    );
    expect(problems.join()).not.toContain("s3cret");
  });

  it("say --token and --token-file only once", async () => {
    const given = { serverUrl: "https://g.example.com", token: "env:T", tokenFile: "t" };
    expect(await problemsOf(given)).toEqual(["--token and --token-file both state the token: use one of them"]);
  });

  it("for production need a domain", async () => {
    expect(lacksDomain({ production: true })).toBe(true);
    expect(lacksDomain({ tls: "own" })).toBe(true);
    expect(lacksDomain({ production: true, domain: "errors.example.com" })).toBe(false);
    expect(lacksDomain({ port: "x" })).toBe(false);
    const error = await refusal((async () => parseInitOptions({ production: true }))());
    expect(error).toMatchObject({ code: "GC1002", problems: [expect.stringContaining("--domain errors.example.com")] });
    expect(error.problems).toEqual([
      "--production needs the name under which GlitchTip is reached: --domain errors.example.com",
    ]);
    expect(await problemsOf({ tls: "own", proxy: "none" })).toHaveLength(1);
  });

  it("are asked for in one line of 80 columns", () => {
    const questions = OPTION_ROWS.flatMap(([, row]) =>
      "question" in row && row.question ? [row.question.message] : [],
    );
    expect(questions.length).toBeGreaterThan(4);
    // The prompt draws a symbol and two blanks in front.
    expect(questions.filter((message) => message.length + 3 > 80)).toEqual([]);
  });

  it("are named beside the keys of the declaration that they are about", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    const options: InitOptions = { serverUrl: "http://localhost:8000", token: "env:T", apps: { api: "shop" } };
    expect((await refusal(run(folder, options))).problems).toEqual([
      expect.stringMatching(
        /^--server-url: server\.url: .* state server\.containerUrl \(--container-url\), such as http:\/\/host\.docker\.internal:8000; .*another glitchtip-compose stack .*http:\/\/glitchtip:8000 and server\.network \(--network\)/,
      ),
    ]);
  });
});
