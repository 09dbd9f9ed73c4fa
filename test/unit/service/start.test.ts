import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { serve } from "../../../src/service/serve.ts";
import type { ServeSettings } from "../../../src/service/settings.ts";
import { runInProcess } from "../../support/in-process-cli.ts";

const ONLY_NOTIFY = 'notify: [{type: json, url: "env:CHANNEL", events: [drift]}]\n';
const GOOD = "version: 1\nservers: {one: {url: https://one.example.com, token: env:TOKEN, organization: Acme}}\n";

/** Starts the service on a queue that does not answer, so that a start whose input is right ends with GC2007. */
async function start(files: Readonly<Record<string, string>>, more: Partial<ServeSettings> = {}) {
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, "servers"));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
  const lines: string[] = [];
  const context = {
    dir,
    env: { SECRET: "0123456789abcdef0123456789abcdef", SHORT: "short", OTHER_QUEUE: "mysql://127.0.0.1" },
    clock: systemClock,
    signal: new AbortController().signal,
    version: "1.2.3",
    writeLog: (line: string) => void lines.push(JSON.parse(line).msg),
  };
  const settings: ServeSettings = {
    files: ["servers"],
    queue: "redis://127.0.0.1:1",
    host: "127.0.0.1",
    port: 0,
    api: true,
    workers: 0,
    watch: { everySeconds: 300, apply: false },
    secret: "env:SECRET",
    issuer: "glitchtip-compose",
    audience: "glitchtip-compose",
    ...more,
  };
  const error = await serve(context, settings).catch((failed: unknown) => failed);
  if (!(error instanceof CodedError)) throw error;
  return { error, lines };
}

describe("the start of the service", () => {
  it("is refused where no declaration can be used, with the place of each mistake", async () => {
    const { error, lines } = await start({ "glitchtip.yaml": ONLY_NOTIFY }, { files: ["glitchtip.yaml"] });
    expect(error).toMatchObject({
      code: "GC1101",
      exitCode: 2,
      message: "there is no server to plan, because no declaration can be used",
      problems: expect.arrayContaining([expect.stringMatching(/^glitchtip\.yaml:1:1: version: is missing/)]),
    });
    expect(lines).toEqual([]);
    const two = await start({ "servers/a.yaml": ONLY_NOTIFY, "servers/b.yaml": "version: 1\nservers: {}\n" });
    expect(two.error).toMatchObject({ code: "GC1101", remedy: "Correct these files, then start the service again." });
    expect(two.error.problems.join("\n")).toMatch(/servers\/a\.yaml:1:1[\s\S]*servers\/b\.yaml:2:/);
  });

  it("is refused where the declaration is absent, and says how to write one", async () => {
    const { error } = await start({}, { files: ["glitchtip.yaml"] });
    expect(error).toMatchObject({
      exitCode: 2,
      problems: ["there is no glitchtip.yaml"],
      remedy: expect.stringContaining("pull --url"),
    });
  });

  it("takes place where one declaration can be used, and names the others", async () => {
    const { error, lines } = await start({ "servers/one.yaml": GOOD, "servers/bad.yaml": ONLY_NOTIFY });
    expect(error.code).toBe("GC2007");
    expect(lines).toContainEqual(
      expect.stringMatching(/servers\/bad\.yaml:1:1: .*the servers of this file are ignored until it is corrected$/),
    );
  });

  it("takes place with an empty folder, which may be filled later, and says that it is empty", async () => {
    const { error, lines } = await start({});
    expect(error.code).toBe("GC2007");
    expect(lines).toContain(
      "there is no declaration in the folder servers; its servers are planned as soon as they are declared",
    );
  });

  it("takes place without a server where requests may bring their own", async () => {
    const broken = { "servers/bad.yaml": ONLY_NOTIFY, "targets.yaml": "{}\n" };
    expect((await start(broken, { compat: "targets.yaml" })).error.code).toBe("GC2007");
    const workers = { api: false, workers: 1, watch: undefined } as object;
    expect((await start(broken, workers)).error.code).toBe("GC2007");
  });

  it("names everything that is wrong at once: tokens, queue, targets and declarations", async () => {
    const { error } = await start(
      { "servers/bad.yaml": ONLY_NOTIFY },
      { secret: "env:SHORT", queue: "env:OTHER_QUEUE" },
    );
    expect(error).toMatchObject({ code: "GC1001", exitCode: 2 });
    expect(error.problems.join("\n")).toMatch(
      /has 5 bytes[\s\S]*neither redis:\/\/[\s\S]*no declaration can be used[\s\S]*bad\.yaml:1:1/,
    );
    const targets = await start({ "servers/one.yaml": GOOD }, { secret: "env:SHORT", compat: "absent.yaml" });
    expect(targets.error.problems.join("\n")).toMatch(/has 5 bytes[\s\S]*--compat .*absent\.yaml cannot be used/);
  });
});

describe("serve", () => {
  it.each([
    [["--queue", "mysql://127.0.0.1"], "--queue: the address of the queue begins with neither"],
    [
      ["--queue", "postgres://user:p#hunter2@127.0.0.1/db"],
      "--queue: the address of the queue cannot be read as a URL",
    ],
    [[], "--queue is missing"],
  ])("with %s and without a secret names both", async (words, problem) => {
    const { code, stderr } = await runInProcess(tmpdir(), ["serve", ...words, "--port", "x"], {});
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
    expect(stderr).toContain("--secret is missing");
    expect(stderr).toContain("--port x");
    expect(stderr).not.toContain("hunter2");
  });
});
