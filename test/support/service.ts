import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator } from "../../src/emulator/index.ts";
import { type CliFolders, cliFolders, type RunningCli, runCli, startCli } from "./cli-process.ts";
import { startServer } from "./emulator.ts";
import { startValkey } from "./valkey.ts";

export const SERVICE_SECRET = "canary-service-secret-0123456789abcdef";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, each asserted where it is read
  readonly body: any;
}

/** What the service has its queue on. */
export interface QueueServer extends AsyncDisposable {
  readonly url: string;
  /** Ends the process as a crash does; its data is on the disk. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** All that it holds, as text. */
  dump(): string;
}

/** The service as a user starts it, with a queue and emulators of its own. */
export interface ServiceUnderTest extends AsyncDisposable {
  readonly folders: CliFolders;
  readonly queue: QueueServer;
  readonly emulators: Readonly<Record<string, Emulator>>;
  /** Starts `serve` with these options; returns it with its address. */
  start(...words: readonly string[]): Promise<RunningService>;
  /** Writes a file into the folder of declarations. */
  declare(file: string, text: string): void;
  token(...words: readonly string[]): Promise<string>;
}

export interface RunningService {
  readonly cli: RunningCli;
  readonly url: string;
  ask(method: string, path: string, token?: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** A declaration of a server whose only project has one alert. */
export const serverText = (name: string, url: string, alert = "errors", more = ""): string =>
  `version: 1
servers:
  ${name}:
    url: ${url}
    token: env:TOKEN_${name.toUpperCase()}
    organizations:
      Acme:
        projects:
          project-00001:
            alerts:
              - {name: ${alert}, quantity: 7, timespanMinutes: 3, recipients: [{type: email}]}
    manage: alerts
    prune: true
${more}`;

export async function startService(
  names: readonly string[] = ["one"],
  startQueue: () => Promise<QueueServer> = startValkey,
): Promise<ServiceUnderTest> {
  const folders = cliFolders();
  const queue = await startQueue();
  mkdirSync(join(folders.project, "servers"));
  const emulators: Record<string, Emulator> = {};
  folders.env.SERVICE_SECRET = SERVICE_SECRET;
  folders.env.SERVICE_QUEUE = queue.url;
  for (const name of names) {
    const emulator = await startServer({ seed: { projects: 1, alertsPerProject: 1 } });
    emulators[name] = emulator;
    folders.env[`TOKEN_${name.toUpperCase()}`] = emulator.mintToken();
  }
  const declare = (file: string, text: string) => writeFileSync(join(folders.project, "servers", file), text);
  for (const [name, { url }] of Object.entries(emulators)) declare(`${name}.yaml`, serverText(name, url));
  const running: RunningCli[] = [];
  return {
    folders,
    queue,
    emulators,
    declare,
    async start(...words) {
      const options = ["--file", "servers", "--secret", "env:SERVICE_SECRET", "--port", "0"];
      const cli = startCli(folders, "serve", ...options, ...words);
      running.push(cli);
      await cli.says(/listening on (http:\S+) \(/);
      const [, url = ""] = /listening on (http:\S+) \(/.exec(cli.stderr) ?? [];
      return { cli, url, ask: (...asked) => askService(url, ...asked) };
    },
    async token(...words) {
      const { stdout, stderr, code } = await runCli(
        folders,
        "serve",
        "token",
        "--secret",
        "env:SERVICE_SECRET",
        ...(words.includes("--subject") ? [] : ["--subject", "ci"]),
        ...words,
      );
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    async [Symbol.asyncDispose]() {
      for (const cli of running) await cli[Symbol.asyncDispose]();
      for (const emulator of Object.values(emulators)) await emulator.close();
      await queue[Symbol.asyncDispose]();
      folders[Symbol.dispose]();
    },
  };
}

async function askService(
  url: string,
  method: string,
  path: string,
  token?: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const answer = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json");
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}
