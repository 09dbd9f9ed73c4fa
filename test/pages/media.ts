// npm run docs:media: takes the screenshot and the recording of the README anew, with the program in dist.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import * as z from "zod/mini";
import { findChromium } from "../support/chromium.ts";
import { startServer } from "../support/emulator.ts";
import { dsnOf, provisionOnce, temporaryFolders } from "../support/provisioning.ts";
import { type RecordedLine, renderRecording } from "./recording.ts";
import { issuePage, screenshot } from "./screenshot.ts";

const CLI = join(process.cwd(), "dist/cli.mjs");
const PICTURES = join(process.cwd(), "docs/pictures");

/** What is typed in the recording, with the arguments that really run. */
const SCENE = [
  { typed: "npx glitchtip-compose init --yes", args: ["init", "--yes"] },
  { typed: "npx glitchtip-compose demo --no-containers", args: ["demo", "--no-containers"] },
];

/** Runs the commands in an empty folder and notes each line with its time. */
async function record(): Promise<RecordedLine[]> {
  const root = mkdtempSync(join(tmpdir(), "recording-"));
  const folder = join(root, "shop");
  mkdirSync(folder);
  const lines: RecordedLine[] = [];
  const startMs = Date.now();
  const note = (text: string, typed?: true) =>
    lines.push({ text, atMs: Date.now() - startMs, ...(typed && { typed }) });
  try {
    for (const { typed, args } of SCENE) {
      note(`$ ${typed}`, true);
      await new Promise<void>((done, fail) => {
        const child = spawn(execPath, [CLI, ...args], {
          cwd: folder,
          env: { PATH: process.env.PATH, HOME: root, TMPDIR: root, LANG: "C.UTF-8" },
          stdio: ["ignore", "pipe", "pipe"],
        });
        for (const stream of [child.stdout, child.stderr]) {
          createInterface(stream).on("line", (text) => note(text.replaceAll(`${root}/`, "/tmp/")));
        }
        child.once("close", (code) => (code === 0 ? done() : fail(new Error(`${typed} ended with ${code}`))));
      });
      note("");
    }
    return lines;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const eventShape = z.object({
  eventID: z.string(),
  title: z.string(),
  platform: z.string(),
  dateCreated: z.string(),
  entries: z.array(z.object({ type: z.string(), data: z.unknown() })),
});
const exceptionShape = z.object({
  values: z.array(
    z.object({
      stacktrace: z.object({
        frames: z.array(z.object({ function: z.string(), filename: z.string(), lineno: z.number() })),
      }),
    }),
  ),
});

/** Starts the sample app with a DSN, and lets it fail once. */
async function failOnce(dsn: string): Promise<void> {
  const child = spawn(execPath, [join(process.cwd(), "templates/sample-app/server.mjs")], {
    env: { PATH: process.env.PATH, SENTRY_DSN: dsn, PORT: "0", HOST: "127.0.0.1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const port = await new Promise<string>((done) => {
      createInterface(child.stdout).on("line", (line) => done(/port (\d+)/.exec(line)?.[1] ?? ""));
    });
    await (await fetch(`http://127.0.0.1:${port}/error`)).text();
  } finally {
    child.kill();
  }
}

/** Lets the sample app fail against an emulator, and shows what the API tells of it. */
async function takeScreenshot(): Promise<void> {
  const chromium = findChromium();
  if (chromium === undefined) throw new Error("there is no chromium on this machine");
  await using server = await startServer();
  using folders = temporaryFolders();
  await provisionOnce(server.url, folders);
  // The DSN is for containers; the key is what counts.
  const { username, pathname } = new URL(dsnOf(folders, "api") ?? "");
  await failOnce(server.url.replace("//", `//${username}@`) + pathname);
  const headers = { authorization: `Bearer ${server.mintToken()}` };
  const read = async (path: string): Promise<unknown> => (await fetch(`${server.url}${path}`, { headers })).json();
  const [{ id }] = z.parse(
    z.tuple([z.object({ id: z.string() })], z.unknown()),
    await read("/api/0/organizations/acme/issues/"),
  );
  const event = z.parse(eventShape, await read(`/api/0/issues/${id}/events/latest/`));
  const exception = event.entries.find(({ type }) => type === "exception")?.data;
  const frames = z.parse(exceptionShape, exception).values.flatMap(({ stacktrace }) => stacktrace.frames.toReversed());
  const html = issuePage({
    organization: "Acme",
    project: "shop-api",
    title: event.title,
    eventId: event.eventID,
    platform: event.platform,
    at: event.dateCreated.slice(0, 16).replace("T", " "),
    frames: frames.slice(0, 6).map(({ filename, lineno, ...frame }) => ({
      ...frame,
      filename: filename.replace(/^.*templates\/sample-app\//, "app/"),
      line: lineno,
    })),
  });
  await screenshot(chromium, html, join(PICTURES, "issue.png"));
}

writeFileSync(
  join(PICTURES, "first-event.svg"),
  renderRecording("From nothing to an event that was read back", await record()),
);
await takeScreenshot();
