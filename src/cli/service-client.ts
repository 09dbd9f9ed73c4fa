import { counted } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { CodedError, type ErrorCode, EXIT } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { openHttp } from "../http/client.ts";
import type { Http, HttpAnswer } from "../http/http.ts";
import type { Report } from "../management/index.ts";
import { openReferences } from "../references/resolver.ts";
import { badValues, durationMs } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { counts, printChanges, tellProblems } from "./server-changes.ts";

export interface RequestFlags {
  readonly url?: string;
  readonly token?: string;
  readonly server: readonly string[];
  readonly within: string;
}

/** A run as the API of the service shows it. */
interface ShownRun {
  readonly id: string;
  readonly status: "pending" | "running" | "success" | "failed" | "skipped";
  readonly report?: Report;
  readonly error?: { readonly code: string; readonly message: string; readonly problems?: readonly string[] };
}

interface Service {
  readonly http: Http;
  readonly url: string;
  readonly token: Secret;
  readonly signal: AbortSignal;
}

/** One request waits this long; then it is sent again. */
const WAIT_SECONDS = 60;

/** Lets a service plan or apply, waits for the end, and prints the report as `plan` and `apply` do. */
export async function requestRun(context: CliContext, kind: "plan" | "apply", flags: RequestFlags): Promise<void> {
  const { dir, env, clock, signal, log } = context;
  const url = flags.url ?? env.SERVICE_URL ?? "";
  const reference = flags.token ?? (env.SERVICE_TOKEN ? "env:SERVICE_TOKEN" : undefined);
  const withinMs = durationMs(flags.within);
  const problems = [
    ...(/^https?:\/\/[^/]/.test(url) && URL.canParse(url)
      ? []
      : [`--url ${url}: this is not the address of a service`]),
    ...(reference ? [] : ["--token is missing: env:NAME or file:PATH of a token that `serve token` created"]),
    ...(withinMs === undefined ? [`--within ${flags.within}: write 90s, 15m or 1h`] : []),
  ];
  if (problems.length > 0 || !reference || withinMs === undefined) throw badValues(problems);
  const references = openReferences({ dir, env, clock, signal, say: log.step });
  const http = openHttp({ env, timeoutMs: (WAIT_SECONDS + 15) * 1_000 });
  try {
    const token = await references.resolve(reference, "--token");
    const service = { http, url: url.replace(/\/+$/, ""), token, signal };
    const { id } = await ask<ShownRun>(service, "POST", `/api/v1/${kind}`, { servers: flags.server });
    log.step(`run ${id}`);
    report(context, kind, await ended(service, id, clock.now, withinMs));
  } finally {
    await references.close();
    await http.close();
  }
}

/** Returns the run once it has ended. Throws GC2006 where that takes too long. */
async function ended(service: Service, id: string, now: () => number, withinMs: number): Promise<ShownRun> {
  const untilMs = now() + withinMs;
  for (;;) {
    const seconds = Math.min(WAIT_SECONDS, Math.max(1, Math.ceil((untilMs - now()) / 1_000)));
    try {
      return await ask<ShownRun>(service, "GET", `/api/v1/runs/${id}?timeout=${seconds}`);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== "GC2006" || now() >= untilMs) throw error;
    }
  }
}

async function ask<T>(
  { http, url, token, signal }: Service,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<T> {
  const headers = {
    authorization: `Bearer ${token.reveal()}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const answer = await http.send(
    { method, url: `${url}${path}`, headers, ...defined({ body: body && JSON.stringify(body) }) },
    signal,
  );
  const data = json(answer, url);
  if (answer.status < 300) return data as T;
  throw codedError(data, `${url} answered ${answer.status}`);
}

function json({ status, text }: HttpAnswer, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CodedError("GC1202", `${url} answered ${status} without JSON: there is no service`, { cause });
  }
}

/** Returns the service's own error. */
function codedError(data: unknown, otherwise: string): CodedError {
  const { code, message, remedy, problems } = (data ?? {}) as Partial<Record<"code" | "message" | "remedy", string>> & {
    readonly problems?: readonly string[];
  };
  if (code === undefined || !/^GC\d{4}$/.test(code)) return new CodedError("GC1202", otherwise);
  return new CodedError(code as ErrorCode, message ?? otherwise, defined({ remedy, problems }));
}

/** Prints how the run has ended. A failure is one of this command, too. */
function report(context: CliContext, kind: "plan" | "apply", run: ShownRun): void {
  if (context.json) context.print(JSON.stringify(run));
  if (run.status === "skipped") {
    context.log.warn("an equal apply is in progress already, and does this work; this run was skipped");
    context.setExitCode(EXIT.notReady);
    return;
  }
  if (run.report === undefined) throw codedError(run.error, `run ${run.id} has failed`);
  const { actions, applied_count: applied } = run.report;
  if (!context.json) {
    printChanges(context, run.report);
    if (actions.length === 0) context.print("nothing to change");
    else
      context.print(kind === "plan" ? counts(actions) : `applied ${applied} of ${counted(actions.length, "change")}`);
  }
  tellProblems(context, run.report);
  if (run.status === "failed") context.setExitCode(EXIT.failed);
  else if (kind === "plan" && actions.length > 0) context.setExitCode(EXIT.changes);
}
