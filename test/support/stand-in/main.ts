/**
 * The program inside the stand-in image `glitchtip/glitchtip`: the emulator with its state in Postgres.
 * node stand-in.mjs web | worker [--health-check-file PATH] | all-in-one | migrate | createsuperuser --noinput --email X
 */
import { parseArgs } from "node:util";
import { allInOne, migrate, type Process, superuser, web, worker } from "./roles.ts";
import { readSettings } from "./settings.ts";

/** The process ends within this time, even if the database hangs. */
const STOPS_WITHIN_MS = 800;

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      noinput: { type: "boolean" },
      email: { type: "string" },
      scheduler: { type: "boolean" },
      "health-check-file": { type: "string" },
      "skip-checks": { type: "boolean" },
    },
  });
  const role = positionals[0] ?? "web";
  const stop = new AbortController();
  const settings = readSettings(process.env);
  // The script of 5.2 runs in a shell that does not pass TERM on (docs/glitchtip-facts.md, "The image").
  const deaf = role === "all-in-one" && settings.generation !== "6";
  process.on("SIGTERM", () => deaf || stop.abort());
  process.on("SIGINT", () => stop.abort());
  stop.signal.addEventListener("abort", () => setTimeout(() => process.exit(0), STOPS_WITHIN_MS).unref());
  const here: Process = { settings, signal: stop.signal, out: console.log, err: console.error };
  switch (role) {
    case "web":
      return web(here);
    case "worker":
      return worker(here, { healthCheckFile: values["health-check-file"] });
    case "all-in-one":
      return allInOne(here);
    case "migrate":
      return migrate(here);
    case "createsuperuser":
      if (values.email) return superuser(here, values.email);
      console.error("CommandError: You must use --email with --noinput.");
      return 1;
    default:
      console.error(`Unknown command: ${role}`);
      return 1;
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    process.exitCode = 1;
  },
);
