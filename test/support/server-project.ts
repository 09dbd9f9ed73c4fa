import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator, EmulatorOptions } from "../../src/emulator/index.ts";
import { type CliFolders, type CliResult, cliFolders, type RunningCli, runCli, startCli } from "./cli-process.ts";
import { startServer } from "./emulator.ts";

/** A folder with a declaration of one server that runs already, an emulator, and the command line in that folder. */
export interface ServerProject extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly folders: CliFolders;
  run(...words: readonly string[]): Promise<CliResult>;
  start(...words: readonly string[]): RunningCli;
  read(path?: string): string;
  write(path: string, text: string): void;
  /** Below the lines that say which server it is. */
  declare(inside: string): void;
}

/** Its first lines; the token stands in a file, because the command line's environment is bare. */
export const serverLines = (emulator: Pick<Emulator, "url">): string =>
  `version: 1\nname: prod\nserver: {url: ${emulator.url}, token: "file:token"}\n`;

export async function startServerProject(options: EmulatorOptions = {}): Promise<ServerProject> {
  const emulator = await startServer(options);
  const folders = cliFolders();
  const path = (name: string) => join(folders.project, name);
  const write = (name: string, text: string) => writeFileSync(path(name), text);
  write("token", emulator.mintToken());
  return {
    emulator,
    folders,
    run: (...words) => runCli(folders, ...words),
    start: (...words) => startCli(folders, ...words),
    read: (name = "glitchtip.yaml") => readFileSync(path(name), "utf8"),
    write,
    declare: (inside) => write("glitchtip.yaml", serverLines(emulator) + inside),
    async [Symbol.asyncDispose]() {
      await emulator.close();
      folders[Symbol.dispose]();
    },
  };
}

export const SHOP = `organization: Acme
projects:
  shop-api:
    team: backend
    alerts:
      - {name: errors, quantity: 10, timespanMinutes: 5, recipients: [{type: email}, {type: webhook, url: "https://hooks.example.com/a"}]}
      - {name: down, uptime: true, recipients: [{type: email}]}
    monitors:
      - {name: site, type: GET, url: "https://shop.example.com", intervalSeconds: 60}
  jobs: {team: backend, alerts: [{name: errors, quantity: 1, timespanMinutes: 1, recipients: [{type: email}]}]}
`;
