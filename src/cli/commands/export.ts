import { resolve } from "node:path";
import { counted } from "../../base/counted.ts";
import { CodedError } from "../../base/errors.ts";
import { declaredServers, exportConfiguration, requireOne, writeConfiguration } from "../../management/index.ts";
import { requireWord } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";
import { openToRead, type ServerFlags, withServerOptions } from "../server-options.ts";

interface Flags extends ServerFlags {
  readonly out?: string;
}

export default {
  actions: ["configuration"],
  flags: (command) =>
    withServerOptions(
      command
        .argument("[what]", "configuration: organizations, teams, projects, keys, members, alerts, monitors")
        .option("--out <file>", "default: glitchtip-configuration- and the time, .json"),
    ),
  async run(context, { out, ...choice }, [what]) {
    if (what === undefined) {
      throw new CodedError("GC1001", "no option says what to export", {
        remedy: "npx glitchtip-compose export configuration",
      });
    }
    requireWord(["configuration"], what, "what to export");
    const declared = [requireOne(declaredServers(context.dir, choice))];
    await using servers = openToRead(context, declared);
    const now = context.clock.now();
    const { configuration, left } = await withProgress(context, "reading what the server holds", () =>
      exportConfiguration(servers, now),
    );
    const at = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
    const file = out ?? `glitchtip-configuration-${at}Z.json`;
    writeConfiguration(resolve(context.dir, file), configuration);
    for (const one of left) context.log.info(`left out: ${one}`);
    for (const { reference, of } of configuration.secrets) {
      context.log.info(`not exported: the secret of ${of}; set ${reference} where you import the file`);
    }
    const projects = configuration.projects.length;
    context.print(
      context.json
        ? JSON.stringify({ file, projects, secrets: configuration.secrets, left })
        : `wrote ${file}: ${counted(projects, "project")}\nnext, in the workspace of the other server: npx glitchtip-compose import configuration ${file} --dry-run`,
    );
  },
} satisfies CliCommand<Flags>;
