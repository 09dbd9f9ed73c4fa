import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { specifySdk } from "../fixtures/sdk-app/specify.ts";
import { findProgram } from "../support/shells.ts";

const fixture = join(import.meta.dirname, "../fixtures/sdk-python");
const requirements = readFileSync(join(fixture, "requirements.txt"), "utf8");
const version = /^sentry-sdk==(.*)$/m.exec(requirements)?.[1] ?? "";
const execute = promisify(execFile);

/** A virtual environment with the SDK, made once for these requirements. */
async function installed(): Promise<{ python: string } | { reason: string }> {
  const system = findProgram("python3");
  if (system === undefined) return { reason: "no python3 on this machine (apt-get install python3-venv)" };
  const { stdout } = await execute(system, ["-c", "import sys; print(sys.version)"]);
  const fingerprint = createHash("sha256").update(requirements).update(stdout).digest("hex").slice(0, 12);
  const cache = join(import.meta.dirname, "../../node_modules/.cache/sdk-python");
  const made = join(cache, fingerprint);
  const python = (folder: string) => join(folder, "bin/python");
  if (existsSync(made)) return { python: python(made) };
  // Beside its place until it is whole: an install that was stopped, or that runs twice, leaves nothing half.
  const making = `${made}.${process.pid}`;
  const pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
  try {
    mkdirSync(cache, { recursive: true });
    await execute(system, ["-m", "venv", making], { timeout: 60_000 });
    await execute(python(making), [...pip, "--requirement", join(fixture, "requirements.txt")], { timeout: 120_000 });
    if (!existsSync(made)) renameSync(making, made);
    return { python: python(made) };
  } catch (cause) {
    const said = String((cause as { stdout?: unknown }).stdout ?? "") + String((cause as Error).message);
    return { reason: `sentry-sdk could not be installed with python3 (apt-get install python3-venv): ${said}` };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

const result = await installed();

if ("python" in result) {
  const program = (name: string) => [result.python, join(fixture, name)];
  specifySdk({
    name: `sentry-sdk ${version} for Python`,
    platform: "python",
    sdk: { name: "sentry.python", version },
    crash: program("crash.py"),
    busy: program("busy.py"),
    heavyCart: "ValueError: the cart is heavy",
    keyless: "ends the program",
  });
} else {
  describe("sentry-sdk for Python", () => {
    it("is on this machine", ({ skip }) => {
      if (process.env.REQUIRE_SDKS === "1") throw new Error(result.reason);
      console.warn(`skipped: ${result.reason}`);
      skip(result.reason);
    });
  });
}
