import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import type { Run } from "../../../src/base/process.ts";
import { processStack } from "../../../src/demo/processes.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { answers } from "../../support/fake-docker.ts";

const dir = mkdtempSync(join(tmpdir(), "glitchtip-compose-demo-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Returns the demo's stack of processes with a provisioner that succeeds and the given app. */
const up = (app: Run) => {
  const clock = fakeClock();
  const run: Run = async (program, args, options) =>
    program === "sh" ? await app(program, args, options) : answers({ stdout: "" });
  const signal = new AbortController().signal;
  const common = { dir, url: "http://127.0.0.1:1", wrapper: "with-dsn", node: "node", env: {}, log: silentLog };
  return processStack({ ...common, clock, signal, run }).up();
};

it("returns the address that the sample app prints", async () => {
  const app: Run = (_program, _args, options) => {
    options?.onStdoutLine?.("listening on port 4711");
    return new Promise(() => {});
  };
  expect(await up(app)).toMatchObject({ appUrl: "http://127.0.0.1:4711" });
});

it("fails at once when the sample app ends, with its last lines", async () => {
  const app: Run = async () => answers({ code: 3, stderr: "no port is free\n" });
  await expect(up(app)).rejects.toMatchObject({
    code: "GC1605",
    message: "the sample app ended with 3 before it listened",
    problems: ["no port is free"],
  });
});

it("fails with the reason when the sample app cannot be started", async () => {
  const why = new Error("spawn sh ENOENT");
  await expect(up(() => Promise.reject(why))).rejects.toBe(why);
});
