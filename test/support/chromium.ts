import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess } from "../../src/base/process.ts";
import { findProgram } from "./shells.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
  // Only loopback answers: nothing that a browser does by itself leaves the machine.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** Debian's `chromium`, or another name of it. */
export const findChromium = (): string | undefined =>
  ["chromium", "chromium-browser", "google-chrome"].map((name) => findProgram(name)).find((path) => path !== undefined);

/** The text of a page once its scripts have nothing more to do; in a profile of its own. */
export async function pageText(program: string, url: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  try {
    // Virtual time stands still while a request is under way, so the budget says nothing of how fast this machine is.
    const flags = [...FLAGS, `--user-data-dir=${profile}`, "--virtual-time-budget=10000", "--dump-dom"];
    const { code, stdout, stderr } = await runProcess(program, [...flags, url], { deadlineMs: 50_000 });
    const text = /<body>(.*)<\/body>/s.exec(stdout)?.[1];
    if (code !== 0 || text === undefined) throw new Error(`chromium ended with ${code}\n${stdout}\n${stderr}`);
    return text;
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
