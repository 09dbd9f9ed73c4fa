import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { freemem, loadavg } from "node:os";
import process, { env } from "node:process";
import { Cron } from "croner";
import * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { lineLog } from "../../base/log.ts";
import { systemClock } from "../../base/wait.ts";
import { cronOf } from "../../config/schema/backup.ts";
import { careSettings } from "../../config/service-settings.ts";
import { openNodeHttp } from "../../http/node.ts";
import { readRestartReports, restartableServices } from "../decisions.ts";
import { type CareContext, careRound, restartAndTell } from "../round.ts";
import { mountedProbes, mountedSecret, mountedSecrets } from "./probes.ts";

const FOLDER = "/run/glitchtip-care";
const OWN = `${FOLDER}/own`;

const log = lineLog((line) => process.stderr.write(line), { prefix: "glitchtip-compose: " });
const clock = systemClock;
const abort = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => abort.abort(new CodedError("GC1003", `stopped by ${name}`)));
}
const { signal } = abort;

const settings = z.parse(careSettings, JSON.parse(readFileSync("/opt/glitchtip-compose/care.json", "utf8")));

function openContext(variables: Readonly<Record<string, string | undefined>>): CareContext {
  mkdirSync(OWN, { recursive: true, mode: 0o700 });
  // GlitchTip's containers write here as another user.
  chmodSync(FOLDER, 0o777);
  return {
    settings,
    probes: mountedProbes(settings, FOLDER, clock),
    folder: FOLDER,
    own: OWN,
    instance: settings.instance ?? variables.COMPOSE_PROJECT ?? "glitchtip",
    channels: settings.notify.map(({ url, secret, ...rest }) => ({
      ...rest,
      url: mountedSecret(url),
      ...(secret === undefined ? {} : { secret: mountedSecret(secret) }),
    })),
    hidden: mountedSecrets(settings),
    openHttp: openNodeHttp,
    clock,
    signal,
    log,
    machine: () => ({ loadAverage: loadavg()[0] ?? 0, memoryFreeBytes: freemem() }),
  };
}

async function watch(context: CareContext): Promise<void> {
  const { everySeconds, restart } = settings.care;
  const times = restart?.schedule && new Cron(cronOf(restart.schedule), { timezone: "UTC", paused: true });
  const nextAfter = (ms: number) => (times ? times.nextRun(new Date(ms))?.getTime() : undefined);
  let next = nextAfter(clock.now());
  log.info(
    `checks everything every ${everySeconds} s${next === undefined ? "" : `; next restart at ${new Date(next).toISOString()}`}`,
  );
  while (!signal.aborted) {
    const due = next !== undefined && clock.now() >= next;
    if (due) next = nextAfter(clock.now());
    await careRound(context, due);
    const pauseMs = Math.min(everySeconds * 1_000, Math.max(0, (next ?? Number.POSITIVE_INFINITY) - clock.now()));
    await clock.sleep(pauseMs, signal);
  }
}

/**
 * Without a word it watches the stack until it is stopped. `once` looks once, `restart [service…]` restarts now, and
 * `report` prints the last restarts. Data goes to stdout.
 */
async function main([word, ...words]: readonly string[]): Promise<void> {
  const context = openContext(env);
  if (word === undefined) return watch(context);
  const print = (data: unknown) => process.stdout.write(`${JSON.stringify(data)}\n`);
  if (word === "once") return void print({ findings: await careRound(context, false) });
  if (word === "report") return void print({ restarts: readRestartReports(OWN) });
  if (word === "restart") {
    const services = words.length > 0 ? words : restartableServices(settings);
    const report = await restartAndTell(context, { reason: "asked", services });
    print(report);
    if (!report.ok) process.exitCode = 1;
    return;
  }
  throw new CodedError("GC1001", `care.mjs: there is no action "${word}"`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!signal.aborted) {
    log.warn(error instanceof CodedError ? `${error.code}: ${error.message}` : String(error));
    process.exitCode = 1;
  }
}
process.exit();
