import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { cliFolders, runCli } from "../support/cli-process.ts";
import { linesOfPage, PAGES, runsLine, textOfPage, wordsOf } from "../support/documented-lines.ts";
import { runInProcess } from "../support/in-process-cli.ts";
import { TemporaryFolder } from "../support/workspace.ts";
import { ELSEWHERE } from "./documented/elsewhere.ts";
import { filesOf } from "./documented/fixtures.ts";
import { type Fixture, HERE, type Here } from "./documented/here.ts";
import { NOT_RUN, OWN_SCRIPT } from "./documented/not-run.ts";
import { ON_A_STACK } from "./documented/on-a-stack.ts";

const all = [...new Set(PAGES.flatMap((page) => linesOfPage(textOfPage(page))))].sort();
/** The tests of `serve` start it with options of their own, so its lines are compared option by option. */
const isOfService = (line: string) => /(?:^|\$\()glitchtip-compose serve /.test(line);
const documented = all.filter((line) => !isOfService(line) && !OWN_SCRIPT.test(line));
const here = HERE.flatMap(({ lines }) => Object.keys(lines));
const elsewhere = Object.values(ELSEWHERE).flatMap((calls) =>
  calls.map((one) => (typeof one === "string" ? one : one[0])),
);
const known = [...here, ...ON_A_STACK, ...elsewhere, ...Object.values(NOT_RUN).flat()];

describe("every command line of README and docs", () => {
  it("is run here, run by another test, or cannot be run for a stated reason", () => {
    expect(documented.filter((line) => !known.includes(line))).toEqual([]);
  });

  it("is in one of these lists only, and still on a page", () => {
    expect(known.filter((line, at) => known.indexOf(line) !== at || !documented.includes(line))).toEqual([]);
  });

  it("of serve: each option is one that its own tests start it with, or has a variable that they set", () => {
    const folder = join(import.meta.dirname, "service");
    const files = [...readdirSync(folder).map((name) => join(folder, name)), join(folder, "../../support/service.ts")];
    const tests = files.map((file) => readFileSync(file, "utf8")).join("");
    const byVariable = ["--queue", "--url", "--token"];
    // One listens on loopback there, and tokens are made below.
    const others = ["--host", "--days"];
    const options = all.filter(isOfService).flatMap((line) => line.match(/--[a-z-]+/g) ?? []);
    expect(options.length).toBeGreaterThan(10);
    const untested = options.filter((option) => !tests.includes(`"${option}`));
    expect(untested.filter((option) => ![...byVariable, ...others].includes(option))).toEqual([]);
  });

  it("of serve token: each with a secret makes a token; without one the stack's own service is asked", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "service-secret"), "a-secret-of-the-service-with-enough-characters\n");
    const lines = all.filter(isOfService).flatMap((line) => /serve token [^)]*--secret [^)]*/.exec(line) ?? []);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const words = wordsOf(line).map((word) => PLACEHOLDERS[word] ?? word);
      const { code, stdout, stderr } = await runCli(folders, ...words);
      expect(code, `${line}\n${stderr}`).toBe(0);
      expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    }
  });

  it.each(Object.entries(ELSEWHERE))("%s runs its lines", (file, calls) => {
    const text = readFileSync(join(import.meta.dirname, "..", file), "utf8");
    const isRun = (one: (typeof calls)[number]) =>
      typeof one === "string" ? runsLine(text, one) : text.includes(one[1]);
    expect(calls.filter((one) => !isRun(one))).toEqual([]);
  });
});

describe("without an engine", () => {
  const root = mkdtempSync(join(tmpdir(), "glitchtip-compose-documented-"));
  const before = { cwd: process.cwd(), docker: process.env.DOCKER_HOST };
  const templates = new Map<Fixture, string>();
  let made = 0;
  beforeAll(() => {
    process.env.DOCKER_HOST = `unix://${root}/no-engine`;
  });
  afterAll(() => {
    process.chdir(before.cwd);
    if (before.docker === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before.docker;
    rmSync(root, { recursive: true });
  });

  /** Returns a folder for one line, named `shop`, as the fixture says. */
  async function folderFor(fixture: Fixture, emulator: Emulator | undefined): Promise<string> {
    const dir = join(root, String(++made), "shop");
    mkdirSync(dir, { recursive: true });
    const template = templates.get(fixture);
    if (template !== undefined) cpSync(template, dir, { recursive: true });
    else {
      for (const [path, text] of Object.entries(filesOf(fixture, emulator))) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), text);
      }
    }
    process.chdir(dir);
    if (template !== undefined || fixture !== "shop") return dir;
    await ours(wordsOf("init --yes --app api=shop-api"), emulator);
    const kept = join(root, fixture);
    cpSync(dir, kept, { recursive: true });
    templates.set(fixture, kept);
    return dir;
  }

  async function ours(argv: readonly string[], emulator: Emulator | undefined, code = 0) {
    const words = argv.map((word) => {
      if (/^https:\/\/(?:errors|glitchtip)\.example\.com$/.test(word)) return emulator?.url ?? word;
      return PLACEHOLDERS[word] ?? word;
    });
    const env = {
      ...process.env,
      HOME: dirname(process.cwd()),
      GLITCHTIP_TOKEN: emulator?.mintToken(),
      GLITCHTIP_PW: "correct horse",
    };
    const result = await runInProcess(
      process.cwd(),
      words,
      env,
      words[0] === "emulate" ? (text) => text !== "" : undefined,
    );
    expect(result.code, `${words.join(" ")}\n${result.stdout}${result.stderr}`).toBe(code);
    return result;
  }

  /** Runs the parts of a line: ours in this process, the others in a shell. */
  async function run(line: string, more: string, code: number, emulator: Emulator | undefined): Promise<void> {
    for (const part of line.split(" && ")) {
      const [, words] = /(?:^|[|(] ?)glitchtip-compose ([^|<>)]+)/.exec(part) ?? [];
      if (words === undefined) {
        const { status, stdout, stderr } = spawnSync("sh", ["-c", part], { encoding: "utf8" });
        expect(status, `${part}\n${stdout}${stderr}`).toBe(0);
      } else {
        const { stdout } = await ours(wordsOf(`${words} ${more}`), emulator, code);
        expect(stdout).not.toBe("");
      }
    }
  }

  const rows = HERE.flatMap((row) => Object.entries(row.lines).map(([line, more]) => ({ line, more, row })));
  it.each(rows)("$line", async ({ line, more, row }) => {
    const { in: fixture, before: earlier = [], beforeCode = 0, code = 0 } = row as Here;
    await using emulator =
      fixture.startsWith("server") || line.includes("errors.example.com --token")
        ? await startEmulator({ superuser: { email: "admin@example.com", password: "correct horse" } })
        : undefined;
    await folderFor(fixture, emulator);
    for (const words of earlier) await ours(wordsOf(words), emulator, beforeCode);
    await run(line, more, code, emulator);
  });
});

describe("what a newcomer reads", () => {
  const NO_ENGINE = { PATH: process.env.PATH, DOCKER_HOST: "unix:///nowhere/docker.sock" };

  it("doctor sends nobody to doctor", async () => {
    using folder = new TemporaryFolder();
    folder.write("glitchtip.yaml", "version: 1\norganization: Acme\nadmin: {email: a@b.example}\napps: {}\n");
    const { code, stdout } = await runInProcess(folder.path, ["doctor"], NO_ENGINE);
    expect(code).toBe(1);
    expect(stdout).toContain("no Docker engine answers");
    expect(stdout).not.toMatch(/glitchtip-compose doctor(?! --bundle)/);
  });

  it.each(["init", "pull", "backup", "render", "apply"])(
    "%s --help shows no empty list as a default",
    async (command) => {
      const { code, stdout } = await runInProcess("/", [command, "--help"], NO_ENGINE);
      expect(code).toBe(0);
      expect(stdout).toContain("Usage: glitchtip-compose");
      expect(stdout).not.toContain("[]");
    },
  );
});

/** What the pages write in capitals, and a value for it. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  NAME: "production",
  COMMAND: "up",
  SERVICE: "worker",
  FILE: "glitchtip-configuration-20261121-081500Z.json",
  REFERENCE: "file:./service-secret",
};
