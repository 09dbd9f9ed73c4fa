import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { openHttp } from "../http/client.ts";
import { type EventPlace, eventPlaceOf, type ReadBackLine, type ReadBackRequest } from "../provision/index.ts";

/** The addresses of a running demo on this machine. */
export interface DemoApp {
  readonly appUrl: string;
  readonly glitchtipUrl: string;
}

/** The demo's server and sample app, in containers or as processes. */
export interface DemoStack {
  up(): Promise<DemoApp>;
  readBack(request: ReadBackRequest): Promise<readonly ReadBackLine[]>;
  /** Removes everything that `up` made. */
  close(): Promise<void>;
}

export interface DemoContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The proof: the sample app threw an error and reported it with its DSN, and the event was read from GlitchTip's API. */
export interface DemoProof extends DemoApp {
  readonly app: string;
  readonly project: string;
  readonly eventId: string;
  readonly error: string;
  readonly place?: EventPlace;
  /** Milliseconds from the request that made the app throw until its event could be read. */
  readonly ms: number;
}

const APP = "app";

/** Starts the stack, makes the app fail and reads its event back. Throws GC1605 or GC1405 where that does not work. */
export async function runDemo({ clock, signal, log }: DemoContext, stack: DemoStack): Promise<DemoProof> {
  const reached = await stack.up();
  log.info(`asking the app to fail: ${reached.appUrl}/error`);
  const start = clock.now();
  const { eventId, error } = await breakApp(reached.appUrl, signal);
  const request = { withinMs: 60_000, resolve: false, events: [{ app: APP, eventId, mark: error }] };
  const [line] = await stack.readBack(request);
  if (line === undefined) throw new CodedError("GC1605", "the provisioner did not answer for the app's event");
  if (!line.found) throw new CodedError("GC1405", line.error.message);
  const place = eventPlaceOf(line);
  return { app: APP, project: line.project, eventId, error, ms: line.at - start, ...defined({ place }), ...reached };
}

async function breakApp(appUrl: string, signal: AbortSignal): Promise<{ eventId: string; error: string }> {
  const http = openHttp();
  const answer = await http.send({ method: "GET", url: `${appUrl}/error` }, signal);
  await http.close();
  const body: unknown = JSON.parse(answer.text);
  if (typeof body === "object" && body !== null && "eventId" in body && "error" in body) {
    return { eventId: String(body.eventId), error: String(body.error) };
  }
  throw new CodedError("GC1605", "the sample app failed as asked, but reported nothing", {
    remedy: "Its log shows why: docker compose logs app",
  });
}
