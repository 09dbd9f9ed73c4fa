import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runProcess } from "../../src/base/process.ts";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const SERVE = `[node, -e, 'require("http").createServer((q, s) => s.end(process.env.SENTRY_DSN)).listen(3000)']`;
const TEST = `[node, -e, 'fetch("http://api:3000").then((r) => r.text()).then((dsn) => { console.log("api has", dsn); process.exit(7); })']`;
const HEALTHY = `{ test: [CMD, node, -e, 'fetch("http://127.0.0.1:3000").catch(() => process.exit(1))'], interval: 1s }`;
const COMPOSE = `services:
  api: { image: "node:24-slim", init: true, entrypoint: ${SERVE}, healthcheck: ${HEALTHY} }
  tests: { image: "node:24-slim", entrypoint: ${TEST}, depends_on: { api: { condition: service_healthy } } }
`;

const page = readFileSync(join(import.meta.dirname, "../../docs/ci.md"), "utf8");
const LINE = /^docker compose run .*tests$/m.exec(page)?.[0] ?? "";

describeOnEngine("the line for CI", () => {
  it.concurrent.each([
    ["an app beside the tests", ["--app", "api=shop"]],
    ["the tests as an app, too", ["--app", "api=shop", "--app", "tests=shop"]],
  ])("runs the tests against apps that have their DSN, and ends with their exit code: %s", async (_, flags) => {
    await using stack = await Stack.in({ "compose.yaml": COMPOSE });
    await stack.init(...flags);
    for (const time of ["first", "second"]) {
      const { code, stdout, stderr } = await runProcess("sh", ["-c", LINE], {
        cwd: stack.project.dir,
        deadlineMs: 240_000,
      });
      expect([time, code, stdout], stderr).toEqual([
        time,
        7,
        expect.stringMatching(/api has http:\/\/\w+@glitchtip:8000\//),
      ]);
    }
  });
});
