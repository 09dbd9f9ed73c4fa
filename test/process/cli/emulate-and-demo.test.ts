import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CliFolders, cliFolders, runCli, startCli } from "../../support/cli-process.ts";
import { filesOf } from "./workspace.ts";

/** Ends as a person ends it. */
async function interrupt(run: ReturnType<typeof startCli>, signal: NodeJS.Signals = "SIGINT") {
  run.kill(signal);
  return await run.ended;
}

const urlIn = (text: string): string => /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? "";
const answers = (url: string): Promise<number | undefined> =>
  fetch(`${url}/api/settings/`).then(
    ({ status }) => status,
    () => undefined,
  );

describe("emulate", () => {
  it("prints only its address on stdout, answers there, and exits with 0 on Ctrl-C", async () => {
    using folders = cliFolders();
    await using run = startCli(folders, "emulate", "--generation", "5.2");
    await run.says("Ctrl-C ends it");
    expect(run.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(run.stderr).toMatch(/^GlitchTip 5\.2 in memory; admin@example\.com, password \S+; Ctrl-C ends it\n$/);
    const url = urlIn(run.stdout);
    expect(await answers(url)).toBe(200);
    expect(await interrupt(run)).toMatchObject({ code: 0, signal: null });
    expect(await answers(url)).toBeUndefined();
    expect(folders.leftovers()).toEqual([]);
  });

  it("--json prints one line, and the password comes from a file", async () => {
    using folders = cliFolders();
    const passwordFile = join(folders.project, "pw");
    writeFileSync(passwordFile, "Correct-Horse-7\n");
    await using run = startCli(folders, "emulate", "--port", "0", "--password-file", passwordFile, "--json");
    await run.says("}\n");
    expect(JSON.parse(run.stdout)).toEqual({ url: urlIn(run.stdout) });
    expect(run.stderr).not.toContain("Horse");
    expect(await interrupt(run, "SIGTERM")).toMatchObject({ code: 0 });
  });

  it("writes a token over an earlier one, and over nothing else", async () => {
    using folders = cliFolders();
    const path = join(folders.project, "notes.txt");
    writeFileSync(path, "not a token\n");
    const refused = await runCli(folders, "emulate", "--token-file", "notes.txt");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("something other than an API token") });
    expect(readFileSync(path, "utf8")).toBe("not a token\n");
    writeFileSync(path, "0123456789abcdef".repeat(4));
    await using run = startCli(folders, "emulate", "--token-file", "notes.txt");
    await run.says("Ctrl-C ends it");
    expect(readFileSync(path, "utf8")).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(path, "utf8")).not.toBe("0123456789abcdef".repeat(4));
  });

  it("writes a token, and says its generation: a declaration of its server begins without any more", async () => {
    using folders = cliFolders();
    await using run = startCli(folders, "emulate", "--generation", "5.1", "--token-file", "token");
    await run.says("Ctrl-C ends it");
    const token = readFileSync(join(folders.project, "token"), "utf8");
    expect(statSync(join(folders.project, "token")).mode & 0o777).toBe(0o600);
    const made = await fetch(`${urlIn(run.stdout)}/api/0/organizations/`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "Acme" }),
    });
    expect(made.status).toBe(201);
    expect(await runCli(folders, "pull", "--url", urlIn(run.stdout), "--token-file", "token")).toMatchObject({
      code: 0,
    });
    const { code, stderr } = await runCli(folders, "plan");
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("warning")]);
    expect(run.stdout + run.stderr).not.toContain(token);
    await interrupt(run);
  });

  it("names every value that cannot be used", async () => {
    using folders = cliFolders();
    const { code, stderr } = await runCli(folders, "emulate", "--generation", "7", "--port", "-1");
    expect(code).toBe(2);
    expect(stderr).toContain("  --generation 7: ");
    expect(stderr).toContain("  --port -1: ");
  });
});

describe("demo without containers", () => {
  it("runs to the end and prints the proof on stdout as one JSON value", async () => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, "demo", "--no-containers", "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      mode: "processes",
      reason: "--no-containers was given",
      proof: {
        app: "app",
        project: "app",
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        error: expect.any(String),
        place: { organization: "demo", projectId: "1", issueId: expect.any(String) },
        ms: expect.any(Number),
        appUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        glitchtipUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      },
    });
    expect(folders.leftovers()).toEqual([]);
    expect(filesOf(folders.project)).toEqual({});
  });

  const moments = [
    { moment: "the project is made", text: "created a workspace" },
    { moment: "the provisioner is at work", text: /created organization/ },
    { moment: "the app starts", text: /app: listening/ },
    { moment: "the event is awaited", text: "asking the app to fail" },
  ];
  it.each(moments)("ends with 130 on Ctrl-C while $moment, and leaves neither process nor file", async ({ text }) => {
    using folders = cliFolders();
    await using run = startCli(folders, "demo", "--no-containers");
    await run.says(text);
    const { code, stderr } = await interrupt(run);
    expect(stderr).toMatch(/^stopped by SIGINT$/m);
    expect(code).toBe(130);
    expect(folders.leftovers()).toEqual([]);
    expect(processesIn(folders)).toEqual([]);
  });
});

it("a demo whose terminal is closed removes everything it made", async () => {
  using folders = cliFolders();
  await using run = startCli(folders, "demo", "--no-containers");
  await run.says(/app: listening/);
  expect(await interrupt(run, "SIGHUP")).toMatchObject({ code: 130 });
  expect(folders.leftovers()).toEqual([]);
  expect(processesIn(folders)).toEqual([]);
});

it("a demo removes what a killed one has left, and nothing of one that runs", async () => {
  using folders = cliFolders();
  await using killed = startCli(folders, "demo", "--no-containers");
  await using running = startCli(folders, "demo", "--no-containers");
  await running.says("created a workspace");
  await killed.says(/app: listening/);
  killed.kill("SIGKILL");
  await killed.ended;
  expect(folders.leftovers().filter((name) => name.startsWith("glitchtip-demo-"))).toHaveLength(2);
  const [, left] = /created a workspace in (\S+)/.exec(killed.stderr) ?? [];
  // Its app ends by itself.
  await expect.poll(() => processesIn({ temporary: left ?? "" }), { timeout: 20_000 }).toEqual([]);
  const { stderr } = await runCli(folders, "demo", "--no-containers");
  expect(stderr).toContain(`removed what a demo that was killed has left: ${left}`);
  expect((await running.ended).code).toBe(0);
  expect(folders.leftovers()).toEqual([]);
});

/** Command lines of processes that were started from these folders; Linux tells, elsewhere there is nothing to look at. */
function processesIn({ temporary }: Pick<CliFolders, "temporary">): string[] {
  let names: string[] = [];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {}
  return names.flatMap((name) => {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return line.includes(temporary) ? [line.replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });
}
