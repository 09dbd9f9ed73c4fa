import type { Command } from "commander";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { queueAddressProblem } from "../../config/queue-address.ts";
import { parseReference } from "../../references/reference.ts";
import type { ServeSettings } from "../../service/index.ts";
import { DECLARATION_FILE } from "../../workspace/index.ts";
import { badValues, collect, durationMs } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { loadService, rethrowing, wholeNumber } from "../service-bundle.ts";
import { printToken } from "../service-token.ts";

declare const VERSION: string;

interface Flags {
  readonly file: string;
  readonly queue?: string;
  readonly api?: boolean;
  readonly worker?: true | string;
  readonly watch?: true | string;
  readonly every: string;
  readonly apply?: boolean;
  readonly host: string;
  readonly port: string;
  readonly secret?: string;
  readonly jwks?: string;
  readonly issuer: string;
  readonly audience: string;
  readonly revoked?: string;
  readonly compat?: string;
  readonly events?: string;
  readonly subject?: string;
  readonly scope: readonly string[];
  readonly server: readonly string[];
  readonly days: string;
  readonly url?: string;
  readonly token?: string;
  readonly within: string;
}

const NAME = "glitchtip-compose";

export default {
  actions: ["token", "plan", "apply"],
  flags: (command: Command) =>
    command
      .argument(
        "[action]",
        "token: create a token for the API; plan, apply: have a running service do it, and wait until it has ended",
      )
      .option("--file <path>", "the declaration, or a folder of them", DECLARATION_FILE)
      .option(
        "--queue <url>",
        "a Valkey, a Redis or a Postgres: redis://HOST:PORT, postgres://…, or a reference to it; default: $SERVICE_QUEUE",
      )
      .option("--api", "only the API, unless other roles are named, too")
      .option("--worker [count]", "only workers, which execute COUNT plans and COUNT applies at the same time (4)")
      .option("--watch [path]", "only the watch, of the declarations of --file or of this path")
      .option("--every <time>", "how often the watch plans each server, as in 30s, 5m, 1h", "5m")
      .option("--apply", "the watch applies what it plans; it never deletes organizations and projects")
      .option("--host <address>", "where to listen", "127.0.0.1")
      .option("--port <port>", "the port of the API, of health and metrics", "8080")
      .option(
        "--secret <reference>",
        "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of the key that signs the tokens (HS256); token: default is the key of this stack's service",
      )
      .option(
        "--jwks <url>",
        "the public keys of the issuer of the tokens; --secret then only encrypts what is in the queue",
      )
      .option("--issuer <name>", "the issuer of the tokens", NAME)
      .option("--audience <name>", "the audience of the tokens", NAME)
      .option("--revoked <path>", "a file with a line sub:NAME or jti:ID for each token that is refused")
      .option("--compat <path>", "a file of servers and secrets that requests may bring along, by subject")
      .option("--events <url>", "where each applied action, error and drift is posted as a CloudEvent")
      .option("--subject <name>", "token: whose it is")
      .option("--scope <name>", "token: plan or apply; may be repeated", collect, [])
      .option(
        "--server <glob>",
        "the servers that a token is for, or that plan and apply are about; may be repeated",
        collect,
        [],
      )
      .option("--url <url>", "plan, apply: where the service is; default: $SERVICE_URL")
      .option("--token <reference>", "plan, apply: env:NAME or file:PATH of a token; default: $SERVICE_TOKEN")
      .option("--within <time>", "plan, apply: how long to wait for the end", "30m")
      .option("--days <number>", "token: how long it is valid", "30"),
  async run(context, flags, [action]) {
    if (action === "token") return await printToken(context, flags);
    if (action === "plan" || action === "apply") {
      const { requestRun } = await import("../service-client.ts");
      return await requestRun(context, action, flags);
    }
    if (action !== undefined) {
      throw new CodedError("GC1001", `serve: there is no action "${action}"`, {
        remedy: "Use serve token, serve plan or serve apply.",
      });
    }
    const settings = settingsOf(context, flags);
    const { serve } = await loadService();
    await rethrowing(() =>
      serve(
        {
          ...context,
          version: VERSION,
          writeLog: (line) => context.log.info(line.trimEnd()),
        },
        settings,
      ),
    );
  },
} satisfies CliCommand<Flags>;

function settingsOf({ env }: CliContext, flags: Flags): ServeSettings {
  const { file, watch, apply = false, host, secret, jwks, issuer, audience, revoked, compat, events } = flags;
  const roles = rolesOf(flags);
  const queue = flags.queue ?? env.SERVICE_QUEUE ?? "";
  const port = wholeNumber(flags.port, 0, 65_535);
  const everySeconds = secondsOf(flags.every);
  const problems = [
    ...queueProblems(queue),
    ...(roles.api && secret === undefined && jwks === undefined
      ? [
          "--secret is missing: the key that signs the tokens, such as file:./service-secret (openssl rand -base64 32), or --jwks",
        ]
      : []),
    ...(port === undefined ? [`--port ${flags.port}: this is no port`] : []),
    ...(roles.workers === undefined ? [`--worker ${flags.worker}: this is no number from 1 to 64`] : []),
    ...(everySeconds === undefined ? [`--every ${flags.every}: write 30s, 5m or 1h, from 1s to 24h`] : []),
    ...(events !== undefined && !/^https?:\/\//.test(events) ? [`--events ${events}: this is no http:// address`] : []),
    ...(apply && !roles.watch ? ["--apply is for --watch"] : []),
  ];
  if (problems.length > 0) throw badValues(problems);
  return {
    files: [typeof watch === "string" ? watch : file],
    queue,
    host,
    port: port ?? 0,
    api: roles.api,
    workers: roles.workers ?? 0,
    issuer,
    audience,
    ...defined({
      watch: roles.watch ? { everySeconds: everySeconds ?? 0, apply } : undefined,
      secret,
      jwks,
      revoked,
      compat,
      events,
    }),
  };
}

function queueProblems(queue: string): string[] {
  if (queue === "") return ["--queue is missing: a Valkey, a Redis or a Postgres, such as redis://127.0.0.1:6379"];
  const problem = parseReference(queue) === undefined ? queueAddressProblem(queue) : undefined;
  return problem === undefined ? [] : [`--queue: ${problem.message} → ${problem.remedy}`];
}

const USUAL_WORKERS = 4;

/** A process has all roles unless an option names one. */
function rolesOf({ api, worker, watch }: Flags) {
  const all = api === undefined && worker === undefined && watch === undefined;
  const usual = all || worker === true ? USUAL_WORKERS : 0;
  return {
    api: all || api === true,
    watch: all || watch !== undefined,
    workers: typeof worker === "string" ? wholeNumber(worker, 1, 64) : usual,
  };
}

function secondsOf(text: string): number | undefined {
  const seconds = (durationMs(text) ?? 0) / 1_000;
  return seconds >= 1 && seconds <= 86_400 ? seconds : undefined;
}
