import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runProcess } from "../../src/base/process.ts";
import { CLI } from "../support/cli-process.ts";
import { COMMANDS } from "./secrets/commands.ts";

/** Longer than any deadline of a command that waits for a silent engine; a command that runs into it is killed. */
const ENDS_WITHIN_MS = 90_000;
const AT_A_TIME = 14;

/** Reads files and reports its version, as docker does; whatever asks the engine waits for ever. */
const DOCKER = `#!/bin/sh
case "$*" in
  'compose version --short') echo 2.40.3 ;;
  'compose -f '*' config '*) exec cat "$CONFIG/users.json" ;;
  *' config '*) exec cat "$CONFIG/whole.json" ;;
  *) exec sleep 600 ;;
esac
`;
const SERVICES = ["api", "glitchtip", "glitchtip-worker", "glitchtip-db", "glitchtip-valkey", "glitchtip-setup"];

/** These end without the engine here: they read files alone, or refuse what is typed before they need it. */
const NEEDS_NO_ENGINE =
  /^(add|remove|render|completion|graph|eject|size|backup list|password|mail test|notify test|secrets rotate|check|compose|restore|rollback|serve)\b/;

let root: string;
let engine: Server;
const open = new Set<Socket>();
const env = () => ({
  PATH: [join(root, "bin"), process.env.PATH].join(delimiter),
  HOME: root,
  CONFIG: root,
});
const cli = (dir: string, words: readonly string[], socket = "engine.sock") =>
  runProcess(process.execPath, [CLI, ...words], {
    cwd: dir,
    env: { ...env(), DOCKER_HOST: `unix://${join(root, socket)}` },
    deadlineMs: ENDS_WITHIN_MS,
    signal: new AbortController().signal,
  });

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "silent-engine-"));
  for (const folder of ["bin", "shop", "given"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "bin/docker"), DOCKER, { mode: 0o755 });
  const services = Object.fromEntries(
    SERVICES.map((name) => [name, { image: "busybox:1", entrypoint: [], command: ["sleep", "1"] }]),
  );
  writeFileSync(join(root, "whole.json"), JSON.stringify({ name: "shop", services }));
  writeFileSync(join(root, "users.json"), JSON.stringify({ name: "shop", services: { api: services.api } }));
  writeFileSync(
    join(root, "shop/compose.yaml"),
    "services:\n  api:\n    image: busybox:1\n    entrypoint: []\n    command: [sleep, '1']\n",
  );
  for (const name of ["admin_password", "secret_key"]) writeFileSync(join(root, "given", name), "a-long-enough-word-1");
  engine = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
  });
  engine.listen(join(root, "engine.sock"));
  await once(engine, "listening");
});
/** Answers the ping and what the program asks for its version; whatever else is asked waits for ever. */
const HANGING = createHttpServer((request, answer) => {
  if (request.url?.endsWith("/_ping")) answer.end("OK");
});

afterAll(async () => {
  HANGING.closeAllConnections();
  HANGING.close();
  for (const socket of open) socket.destroy();
  engine?.close();
  if (root) rmSync(root, { recursive: true, force: true });
});

it("beside an engine that accepts and never answers every command ends, and those that need it say so", {
  timeout: 600_000,
}, async () => {
  const begun = await cli(join(root, "shop"), ["init", "--yes", "--app", "api=shop-api"]);
  expect(begun.code, begun.stderr).toBe(0);
  const waiting = COMMANDS.map((words, i) => ({ words, dir: join(root, "copies", String(i), "shop") }));
  const next = async (): Promise<void> => {
    const one = waiting.shift();
    if (one === undefined) return;
    const { words, dir } = one;
    const what = words.join(" ");
    cpSync(join(root, "shop"), dir, { recursive: true });
    cpSync(join(root, "given"), join(dir, "../given"), { recursive: true });
    // Throws where the command has to be killed.
    const { code, stdout, stderr } = await cli(dir, words);
    const said = `${stdout}${stderr}`;
    if (code !== 0) expect(said.trim(), what).not.toBe("");
    if (!NEEDS_NO_ENGINE.test(what)) {
      expect(said, what).toContain("no Docker engine answers");
      expect(code, what).not.toBe(0);
    }
    await next();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, next));
});

/** One of each way to the engine: its API alone, the docker program, both, and commands that stay without its answer. */
const WAYS = [["status"], ["up"], ["down"], ["doctor"], ["verify"], ["logs"], ["backup", "create"], ["init", "--yes"]];

it("beside an engine that answers the ping and then hangs every command ends, and says so", {
  timeout: 300_000,
}, async () => {
  HANGING.listen(join(root, "hanging.sock"));
  await once(HANGING, "listening");
  await Promise.all(
    WAYS.map(async (words, i) => {
      const dir = join(root, "hanging", String(i), "shop");
      cpSync(join(root, "shop"), dir, { recursive: true });
      // Throws where the command has to be killed.
      const { stdout, stderr } = await cli(dir, words, "hanging.sock");
      expect(`${stdout}${stderr}`, words.join(" ")).toMatch(/GC1601|does not answer|nothing to change/);
    }),
  );
});
