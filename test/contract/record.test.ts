import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { settle } from "./differences.ts";
import { recordScenario, writeRecording } from "./recorder.ts";
import { loadRecording, loadScenario, RECORDED, type Recording, SCENARIOS } from "./scenario.ts";

const recordings = new URL("recordings/", import.meta.url);
const root = new URL("../..", import.meta.url).pathname;
const OTHER_ADMIN = { email: "root@example.org", password: "Another-Battery-8" };

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-recordings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const settled = (recording: Recording): Recording => ({
  ...recording,
  exchanges: settle(recording.scenario, recording.exchanges),
});

describe("the recorder", () => {
  it("writes every existing recording byte for byte as it is", () => {
    const folder = temporaryFolder();
    for (const generation of RECORDED) {
      for (const name of SCENARIOS) {
        const written = writeRecording(folder, loadRecording(generation, name));
        const existing = new URL(`${generation}/${name}.json`, recordings);
        expect(readFileSync(written, "utf8") === readFileSync(existing, "utf8"), `${generation} ${name}`).toBe(true);
      }
    }
  });

  it("masks the account that the server has instead of the scenario's", async () => {
    await using emulator = await startEmulator({
      generation: "5.2",
      superuser: OTHER_ADMIN,
      domain: "http://localhost",
    });
    const stage = { url: emulator.url, pass: (ms: number) => emulator.advance(ms) };
    const recording = await recordScenario(loadScenario("sign-in"), "5.2", stage, OTHER_ADMIN);
    expect(settled(recording)).toEqual(settled(loadRecording("5.2", "sign-in")));
  });

  it("runs as an npm script against a server", async () => {
    await using emulator = await startEmulator({ generation: "5.2", superuser: OTHER_ADMIN });
    const folder = temporaryFolder();
    const options = ["--url", emulator.url, "--generation", "5.2", "--scenario", "keys", "--out", folder];
    await promisify(execFile)(
      "npm",
      ["run", "--silent", "contract:record", "--", ...options, "--admin-email", OTHER_ADMIN.email],
      { cwd: root, env: { ...process.env, GLITCHTIP_TEST_PASSWORD: OTHER_ADMIN.password } },
    );
    const recording: Recording = JSON.parse(readFileSync(join(folder, "keys.json"), "utf8"));
    expect(settled(recording)).toEqual(settled(loadRecording("5.2", "keys")));
  });
});
