import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CodedError, hasErrno } from "../../base/errors.ts";
import { readIfThere, writeOne } from "../../base/files.ts";
import { untilAborted } from "../../base/wait.ts";
import { CAPABILITIES, GENERATIONS } from "../../glitchtip/versions.ts";
import { badValues } from "../arguments.ts";
import type { CliCommand } from "../command.ts";

interface Flags {
  readonly generation: string;
  readonly port: string;
  readonly superuser: string;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly registration: "open" | "closed";
}

export default {
  flags: (command: Command) =>
    command
      .option("--generation <version>", GENERATIONS.join(", "), GENERATIONS.at(-1))
      .option("--port <number>", "0 takes a free one", "0")
      .option("--superuser <email>", "the first account", "admin@example.com")
      .option("--password-file <path>", "a file with its password; without it a password is generated and printed")
      .option("--token-file <path>", "write an API token of that account there, with every scope, for its owner alone")
      .option("--registration <state>", "open or closed", "closed"),
  async run(context, flags) {
    const port = Number(flags.port);
    const generation = GENERATIONS.find((known) => known === flags.generation);
    const problems = [
      ...(generation === undefined
        ? [`--generation ${flags.generation}: must be one of ${GENERATIONS.join(", ")}`]
        : []),
      ...(Number.isInteger(port) && port >= 0 && port < 65536
        ? []
        : [`--port ${flags.port}: must be a number from 0 to 65535`]),
      ...(["open", "closed"].includes(flags.registration)
        ? []
        : [`--registration ${flags.registration}: must be open or closed`]),
    ];
    if (generation === undefined || problems.length > 0) throw badValues(problems);
    const tokenFile = flags.tokenFile === undefined ? undefined : tokenFileAt(resolve(context.dir, flags.tokenFile));
    const { randomBytes } = await import("node:crypto");
    const password =
      flags.passwordFile === undefined ? randomBytes(18).toString("base64url") : readPassword(flags.passwordFile);
    const { startEmulator } = await import("../../emulator/index.ts");
    await using emulator = await startEmulator({
      generation,
      // Official images report such a version, so that nobody has to declare the generation.
      version: CAPABILITIES[generation].release,
      port,
      registration: flags.registration,
      superuser: { email: flags.superuser, password },
    }).catch((cause: unknown) => {
      if (!hasErrno(cause, "EADDRINUSE", "EACCES")) throw cause;
      throw new CodedError("GC1603", `port ${port} cannot be listened on: it is taken, or reserved`, {
        remedy: "Take another one: --port 0 takes any free one.",
        cause,
      });
    });
    if (tokenFile !== undefined) writeOne(tokenFile, emulator.mintToken(), 0o600);
    context.print(context.json ? JSON.stringify({ url: emulator.url }) : emulator.url);
    const shown = flags.passwordFile === undefined ? `, password ${password}` : "";
    context.log.info(`GlitchTip ${flags.generation} in memory; ${flags.superuser}${shown}; Ctrl-C ends it`);
    await untilAborted(context.signal);
  },
} satisfies CliCommand<Flags>;

/** Returns the path if nothing is there, or only an API token such as an earlier run has written. Throws GC1501. */
function tokenFileAt(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  const isToken = found?.isFile() && found.size < 100 && /^[0-9a-f]{64}\n?$/.test(readIfThere(path) ?? "");
  if (found === undefined || isToken) return path;
  throw new CodedError("GC1501", `--token-file ${path}: the file holds something other than an API token`, {
    remedy: "Give a path where nothing is, or remove that file.",
  });
}

function readPassword(path: string): string {
  const text = readIfThere(path)?.replace(/\r?\n$/, "");
  if (text) return text;
  throw new CodedError("GC1107", `--password-file ${path}: there is no such file, or it is empty`);
}
