import { stdout } from "node:process";
import type { Command } from "commander";
import { counted } from "../../base/counted.ts";
import { parseDays, parseEventsPerDay } from "../../init/index.ts";
import { ASSUMED, declaredFor, MEASURED, type Sizing, sizeFor } from "../../workspace/index.ts";
import { badValues } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { table } from "../table.ts";
import { columnsOf } from "../wrap.ts";

interface Flags {
  readonly eventsPerDay: string;
  readonly retention: string;
  readonly production?: boolean;
}

export default {
  flags: (command: Command) =>
    command
      .requiredOption("--events-per-day <number>", "the expected events per day")
      .option("--retention <days>", "how long they are kept", "90d")
      .option("--production", "for production: with Caddy, and the worker in its own container"),
  async run(context, flags) {
    const problems: string[] = [];
    const refuse = (given: string) => (expected: string) => {
      problems.push(`${given}: ${expected}`);
      return undefined;
    };
    const eventsPerDay = parseEventsPerDay(flags.eventsPerDay, refuse(`--events-per-day ${flags.eventsPerDay}`));
    const retentionDays = parseDays(flags.retention, refuse(`--retention ${flags.retention}`));
    if (eventsPerDay === undefined || retentionDays === undefined) {
      throw badValues(problems);
    }
    const sizing = sizeFor({ eventsPerDay, retentionDays, production: flags.production === true });
    const declaration = declaredFor(sizing);
    if (context.json)
      context.print(JSON.stringify({ ...sizing, declaration, measuredNumbers: MEASURED, assumed: ASSUMED }));
    else context.print(sizingText(sizing, flags.production === true));
  },
} satisfies CliCommand<Flags>;

const thousands = (count: number): string => count.toLocaleString("en-US");

const gib = (mib: number): string => `${(mib / 1024).toFixed(mib < 10_240 ? 1 : 0)} GiB`;

function sizingText(sizing: Sizing, production: boolean): string {
  const { eventsPerDay, retentionDays, peakPerS, topology, memoryMib, hostMib, diskMib, postgres, measured } = sizing;
  const rows = [
    [
      "events",
      `${thousands(eventsPerDay)} a day, kept ${counted(retentionDays, "day")}; ${peakPerS} a second at the peak`,
    ],
    ["topology", topology],
    ["memory", `${gib(hostMib)} for the machine`],
    ...Object.entries(memoryMib).map(([part, mib]) => [`  ${part}`, `${mib} MiB at most`]),
    ["disk", `${gib(diskMib.host)} for the machine`],
    ["  data", gib(diskMib.data)],
    ["  each backup", `${gib(diskMib.eachBackup)} where backups are kept`],
    [
      "postgres",
      Object.entries(postgres)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
    ],
  ];
  const why = [
    ...Object.values(MEASURED).map(({ value, unit, how }) => [`${thousands(value)} ${unit}`, how]),
    ...Object.values(ASSUMED).map(({ value, unit, why }) => [`${thousands(value)} ${unit}`, `assumed: ${why}`]),
  ];
  const columns = columnsOf(stdout);
  const beyond = measured
    ? []
    : [
        "",
        `more than the ${MEASURED.workerStoredPerS.value} a second that were measured: try it with npx glitchtip-compose load`,
      ];
  return [
    table(rows, columns),
    ...beyond,
    "",
    `apply: npx glitchtip-compose init ${production ? "--production --domain DOMAIN " : ""}--size ${eventsPerDay}/${retentionDays}d`,
    "",
    "because:",
    table(why, columns),
  ].join("\n");
}
