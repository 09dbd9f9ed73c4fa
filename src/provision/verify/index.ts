import { randomBytes } from "node:crypto";
import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import { variablesOf } from "../../config/app-variables.ts";
import { provisionedApps } from "../../config/given-dsn.ts";
import { providedName, providerOf } from "../../config/provider.ts";
import type { Audience, Declaration } from "../../config/schema.ts";
import { newEventId } from "../../glitchtip/ingest.ts";
import type { ReadBackLine, ReadBackRequest } from "../read-back.ts";
import { openInbox } from "./inbox.ts";

export interface AppToVerify {
  readonly name: string;
  /** The declaration's key. */
  readonly project: string;
  /** The first of its variables for the container, else the first. */
  readonly variable: string;
  readonly audience: Audience;
  /** It has its variables from the start on, not from a wrapper. */
  readonly byEnvFile?: true;
  /** A Compose provider handed it over, under this name. */
  readonly providedAs?: string;
}

export interface TestEvent {
  readonly id: string;
  /** Random, and part of the text: an event that carries it is this one. */
  readonly mark: string;
  readonly text: string;
}

/** Sends an event as the app would. Throws where it was not accepted. */
export type Sender = (app: AppToVerify, event: TestEvent, signal: AbortSignal) => Promise<{ readonly via: string }>;

export type ExpectedEvent = ReadBackRequest["events"][number];

/** Looks for all events at once and tells each answer as it comes; settles when it has nothing more to tell. */
export type Reader = (
  events: readonly ExpectedEvent[],
  answer: (answer: ReadBackLine) => void,
  signal: AbortSignal,
) => Promise<void>;

export interface VerifyContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly send: Sender;
  readonly read: Reader;
}

export type AppResult = { readonly app: string; readonly project: string; readonly eventId: string } & (
  | {
      readonly ok: true;
      readonly via: string /** From the start of the sending until it could be read. */;
      readonly ms: number;
    }
  | { readonly ok: false; readonly via?: string; readonly error: ReportedError }
);

export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly problems?: readonly string[];
}

/** Every wanted app sends an event at once; each must come back through the API. One that fails stops no other. */
export async function verify(context: VerifyContext, apps: readonly AppToVerify[]): Promise<AppResult[]> {
  const { clock, signal } = context;
  const events = new Map(apps.map(({ name }) => [name, newEvent(name)]));
  const expected = [...events].map(([app, { id, mark }]) => ({ app, eventId: id, mark }));
  const enough = new AbortController();
  const inbox = openInbox(apps.map(({ name }) => name));
  const startMs = clock.now();
  // The reader starts together with the senders: its own start is then not part of what is measured.
  const reading = context
    .read(expected, (answer) => inbox.put(answer, clock.now()), AbortSignal.any([signal, enough.signal]))
    .then(
      () => inbox.close(new CodedError("GC1605", "the read-back ended without an answer for this app")),
      (error) => inbox.close(error),
    );
  const one = async (app: AppToVerify): Promise<AppResult> => {
    const event = events.get(app.name) ?? newEvent(app.name);
    const common = { app: app.name, project: app.project, eventId: event.id };
    let via: string | undefined;
    try {
      ({ via } = await context.send(app, event, signal));
      const { answer, atMs } = await inbox.take(app.name);
      if (!answer.found) return { ...common, ok: false, via, error: answer.error };
      return { ...common, project: answer.project, ok: true, via, ms: atMs - startMs };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      return { ...common, ok: false, ...(via === undefined ? {} : { via }), error: error.toJSON() };
    }
  };
  try {
    return await Promise.all(apps.map(one));
  } finally {
    enough.abort();
    await reading;
  }
}

/** The apps to verify: those named, or all. */
export function chooseApps(declaration: Pick<Declaration, "apps">, wanted: readonly string[]): AppToVerify[] {
  const apps = provisionedApps(declaration);
  const names = Object.keys(apps);
  const unknown = wanted.filter((name) => !Object.hasOwn(apps, name));
  const given = unknown.filter((name) => declaration.apps[name]?.dsn !== undefined);
  if (given.length > 0) {
    throw new CodedError(
      "GC1001",
      `${given.join(", ")}: a DSN of its own, with no token to see or change anything by`,
      {
        remedy: "Give the app a project instead of a dsn, or look in the GlitchTip that its DSN leads to.",
      },
    );
  }
  if (unknown.length > 0) {
    const problems = unknown.map((name) => `"${name}"${didYouMean(name, names)}`);
    const remedy = `The declaration has ${names.join(", ") || "none"}.`;
    if (problems.length === 1) throw new CodedError("GC1104", `there is no app ${problems[0]}`, { remedy });
    throw new CodedError("GC1104", "there are no such apps", { problems, remedy });
  }
  return (wanted.length === 0 ? names : [...new Set(wanted)]).flatMap((name) => {
    const app = apps[name];
    if (app === undefined) return [];
    const variables = variablesOf(app);
    const provider = providerOf(declaration, name);
    // The server part's own, where an app has several: it is sent from inside its container.
    const chosen = variables.find(({ audience }) => audience === "container") ?? variables[0];
    return chosen === undefined
      ? []
      : [
          {
            name,
            project: app.project,
            variable: chosen.name,
            audience: chosen.audience,
            ...(app.inject === "env-file" ? { byEnvFile: true as const } : {}),
            ...(provider === undefined ? {} : { providedAs: providedName(provider, chosen.name) }),
          },
        ];
  });
}

function newEvent(app: string): TestEvent {
  const mark = randomBytes(8).toString("hex");
  return { id: newEventId(), mark, text: `glitchtip-compose verify: ${app} ${mark}` };
}
