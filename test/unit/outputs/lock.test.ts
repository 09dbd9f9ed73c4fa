import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { acquireLock } from "../../../src/outputs/lock.ts";

const LONG = "a-folder-whose-name-is-much-longer-than-anybody-would-like-it-to-be".repeat(2);

/** Makes the folders in which the lock may lie. */
function folders(workspace: string, temporary: string): { readonly workspace: string; readonly temporary: string } {
  const root = mkdtempSync(join(tmpdir(), "lock-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const made = { workspace: join(root, workspace), temporary: join(root, temporary) };
  for (const folder of Object.values(made)) mkdirSync(folder, { recursive: true });
  return made;
}

/** Others use /tmp, too. */
function locksOf(workspace: string, folder: string): string[] {
  const hash = createHash("sha256").update(workspace).digest("hex").slice(0, 16);
  return readdirSync(folder).filter((name) => /^lock-[0-9a-f]{16}\.sock/.test(name) || name.includes(hash));
}

it.each([
  ["a short workspace", "w", "t"],
  ["a workspace whose path is too long for a socket", LONG, "t"],
  // macOS's TMPDIR takes half of what a socket's address holds.
  ["a workspace and a TMPDIR that are both too long", LONG, `${LONG}-t`],
])("the lock of %s is taken once, and nothing is left of it", async (_, workspace, temporary) => {
  const places = folders(workspace, temporary);
  vi.stubEnv("TMPDIR", places.temporary);
  const take = () =>
    acquireLock(places.workspace, {
      clock: systemClock,
      signal: new AbortController().signal,
      deadlineMs: 300,
      log: silentLog,
      label: "the first one",
    });
  {
    await using _held = await take();
    await expect(take()).rejects.toMatchObject({ code: "GC1406", message: expect.stringContaining("the first one") });
  }
  {
    await using _again = await take();
  }
  const left = [places.workspace, places.temporary, "/tmp"].map((folder) => locksOf(places.workspace, folder));
  expect(left).toEqual([[], [], []]);
});
