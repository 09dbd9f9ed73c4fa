import type { Command } from "commander";
import { openDocker } from "../docker/index.ts";
import { type DeclaredServer, openServers, type Servers } from "../management/index.ts";
import { DECLARATION_FILE } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";

/** The options of commands that look into servers. */
export interface ServerFlags {
  readonly file: string;
  readonly instance?: string;
  readonly strict?: boolean;
}

/** Adds the options that say which servers a command is about. */
export const withServerOptions = (command: Command): Command =>
  command
    .option("--file <path>", "the declaration, or a folder of them", DECLARATION_FILE)
    .option("--instance <name>", "only this server of those that are declared");

export const withStrictOption = (command: Command): Command =>
  command.option("--strict", "an object that is declared, missing and must not be created is an error, not a warning");

export const openDeclared = (context: CliContext, declared: readonly DeclaredServer[]): Servers =>
  openServers({ ...context, docker: () => openDocker(context) }, declared);

/** Opens servers for a command that changes nothing on them, not even by a token of its own. */
export const openToRead = (context: CliContext, declared: readonly DeclaredServer[]): Servers =>
  openServers({ ...context, docker: () => openDocker(context), readOnly: true }, declared);
