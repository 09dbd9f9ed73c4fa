import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Run, runProcess } from "../base/process.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import { dsnFolder } from "../config/dsn-volumes.ts";
import type { ReadBackLine } from "../provision/index.ts";
import type { DemoApp, DemoStack } from "./demo.ts";
import { passwordFile } from "./folder.ts";

export interface ProcessStackOptions {
  /** A folder that `init` has prepared. */
  readonly dir: string;
  /** The address of the server, which runs already. */
  readonly url: string;
  readonly wrapper: string;
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly run?: Run;
}

/** Ends the app when its stdin does: nobody else could end it where the demo itself is killed. */
const ENDS_WITH_STDIN =
  "--import=data:text/javascript,import{stdin,exit}from%22node:process%22;stdin.resume().on(%22end%22,()=>exit())";
const STARTS_WITHIN_MS = 20_000;

/**
 * Returns the demo's stack without containers: the same provisioner bundle, and the same sample app behind the same
 * wrapper, as plain child processes. They end with the signal, and when `close` is called.
 */
export function processStack(options: ProcessStackOptions): DemoStack {
  const { dir, url, log, clock, run = runProcess } = options;
  const linked = linkSignals([options.signal]);
  const { signal } = linked;
  const dsnDir = join(dir, "dsn");
  mkdirSync(dsnDir, { recursive: true, mode: 0o755 });
  const env = {
    ...options.env,
    GLITCHTIP_URL: url,
    GLITCHTIP_STATE_DIR: join(dir, "state"),
    GLITCHTIP_DSN_DIR: dsnDir,
    GLITCHTIP_PROVISION_FILE: join(dir, ".glitchtip", "provision.json"),
    GLITCHTIP_DECLARATION_FILE: join(dir, "glitchtip.yaml"),
    GLITCHTIP_ADMIN_PASSWORD_FILE: passwordFile(dir),
  };
  const provisioner = (args: string[], more: Parameters<Run>[2] = {}) =>
    run(options.node, [join(dir, ".glitchtip", "provisioner.mjs"), ...args], { ...more, cwd: dir, env, signal });
  let running: Promise<unknown> | undefined;
  return {
    async up() {
      const { code, stderr } = await provisioner([], { onStderrLine: (line) => log.info(`provisioner: ${line}`) });
      if (code !== 0)
        throw new CodedError("GC1605", `the provisioner ended with ${code}`, { problems: stderr.trim().split("\n") });
      let address: string | undefined;
      let failed: unknown;
      const args = [
        options.wrapper,
        "--dir",
        dsnFolder(dsnDir, "app"),
        "app",
        "--",
        options.node,
        join(dir, "app", "server.mjs"),
      ];
      const app = run("sh", args, {
        cwd: dir,
        env: { ...options.env, PORT: "0", HOST: "127.0.0.1", NODE_OPTIONS: ENDS_WITH_STDIN },
        stdinFrom: new PassThrough(),
        signal,
        onStdoutLine(line) {
          address ??= /port (\d+)/.exec(line)?.[1];
          log.info(`app: ${line}`);
        },
        onStderrLine: (line) => log.info(`app: ${line}`),
      });
      running = app.then(
        ({ code, signal: by, stderr: said }) => {
          failed = new CodedError("GC1605", `the sample app ended with ${code ?? by} before it listened`, {
            problems: said.trim().split("\n").slice(-5),
          });
        },
        (error: unknown) => {
          failed = error;
        },
      );
      const port = await retry({
        clock,
        signal,
        deadlineMs: STARTS_WITHIN_MS,
        pauseMs: { first: 20, longest: 200 },
        attempt: async () => {
          if (address === undefined && failed !== undefined) throw failed;
          return address;
        },
        late: () => new CodedError("GC1605", `the sample app did not start within ${STARTS_WITHIN_MS / 1_000} s`),
      });
      return { appUrl: `http://127.0.0.1:${port}`, glitchtipUrl: url } satisfies DemoApp;
    },
    async readBack(request) {
      const lines: ReadBackLine[] = [];
      await provisioner(["read-back"], {
        stdin: JSON.stringify(request),
        onStdoutLine: (line) => lines.push(JSON.parse(line) as ReadBackLine),
        onStderrLine: (line) => log.debug(line),
      });
      return lines;
    },
    async close() {
      linked.abort(new CodedError("GC1003", "the demo is over"));
      await running;
      linked[Symbol.dispose]();
    },
  };
}
