import { randomBytes } from "node:crypto";
import { linkSignals } from "../../base/abort.ts";
import { defined } from "../../base/defined.ts";
import { didYouMean } from "../../base/did-you-mean.ts";
import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import { providedName, providerOf, provisionedApps } from "../../config/app-sources.ts";
import { variablesOf } from "../../config/framework-presets.ts";
import type { Audience, Declaration } from "../../config/schema.ts";
import { newEventId } from "../../glitchtip/ingest.ts";
import type { ReadBackLine, ReadBackRequest } from "../read-back.ts";

export interface AppToVerify {
  readonly name: string;
  /** Its key in the declaration. */
  readonly project: string;
  /** Its first variable for the container, else its first one. */
  readonly variable: string;
  readonly audience: Audience;
  /** It gets its variables from an env file, not from the wrapper. */
  readonly byEnvFile?: true;
  /** The name under which a Compose provider passes the variable. */
  readonly providedAs?: string;
  /** It is a program on this machine, outside of Compose. */
  readonly onHost?: true;
}

export interface TestEvent {
  readonly id: string;
  /** A random part of the text, by which the event is recognized. */
  readonly mark: string;
  readonly text: string;
}

/** Sends an event as the app would. Throws when it was not accepted. */
export type EventSender = (
  app: AppToVerify,
  event: TestEvent,
  signal: AbortSignal,
) => Promise<{ readonly via: string }>;

export type ExpectedEvent = ReadBackRequest["events"][number];

/** Looks for all events at once and reports each answer as it comes. It settles when there are no more answers. */
export type EventReader = (
  events: readonly ExpectedEvent[],
  answer: (answer: ReadBackLine) => void,
  signal: AbortSignal,
) => Promise<void>;

export interface VerifyContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly send: EventSender;
  readonly read: EventReader;
}

export type VerifyResult = {
  readonly app: string;
  readonly project: string;
  readonly eventId: string;
  /** The audience whose address the event was sent to; the app's other variables are not proved by it. */
  readonly audience: Audience;
} & (
  | {
      readonly ok: true;
      readonly via: string;
      /** The place of the event, as far as the provisioner said it. */
      readonly place?: EventPlace;
      /** The time from the start of the sending until the event could be read. */
      readonly ms: number;
    }
  | { readonly ok: false; readonly via?: string; readonly error: ReportedError }
);

/** The ids by which GlitchTip's own pages are addressed. */
export interface EventPlace {
  readonly organization: string;
  readonly projectId: string;
  readonly issueId?: string;
}

/** Returns undefined for the answer of a provisioner that does not say the place. */
export function eventPlaceOf({
  organization,
  projectId,
  issueId,
}: Extract<ReadBackLine, { found: true }>): EventPlace | undefined {
  if (organization === undefined || projectId === undefined) return undefined;
  return { organization, projectId, ...defined({ issueId }) };
}

interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly problems?: readonly string[];
}

/** Lets all apps send an event at once, and looks for each through the API. A failure of one does not stop the others. */
export async function verifyApps(context: VerifyContext, apps: readonly AppToVerify[]): Promise<VerifyResult[]> {
  const { clock, signal } = context;
  const events = new Map(apps.map(({ name }) => [name, newEvent(name)]));
  const expected = [...events].map(([app, { id, mark }]) => ({ app, eventId: id, mark }));
  using enough = linkSignals([signal]);
  const inbox = openInbox(apps.map(({ name }) => name));
  const startMs = clock.now();
  // The reader starts together with the senders, so that its own start is not part of what is measured.
  const reading = context
    .read(expected, (answer) => inbox.put(answer, clock.now()), enough.signal)
    .then(
      () => inbox.close(new CodedError("GC1605", "the read-back ended without an answer for this app")),
      (error) => inbox.close(error),
    );
  const one = async (app: AppToVerify): Promise<VerifyResult> => {
    const event = events.get(app.name) ?? newEvent(app.name);
    const common = { app: app.name, project: app.project, eventId: event.id, audience: app.audience };
    let via: string | undefined;
    try {
      ({ via } = await context.send(app, event, signal));
      const { answer, atMs } = await inbox.take(app.name);
      if (!answer.found) return { ...common, ok: false, via, error: answer.error };
      const place = eventPlaceOf(answer);
      return { ...common, project: answer.project, ok: true, via, ...defined({ place }), ms: atMs - startMs };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      return { ...common, ok: false, ...defined({ via }), error: error.toJSON() };
    }
  };
  try {
    return await Promise.all(apps.map(one));
  } finally {
    enough.abort();
    await reading;
  }
}

interface Arrived {
  readonly answer: ReadBackLine;
  readonly atMs: number;
}

/** Holds the answers by app: they may come before somebody waits for them, or never be asked for. */
function openInbox(apps: readonly string[]) {
  const slots = new Map(apps.map((app) => [app, newSlot()]));
  return {
    put: (answer: ReadBackLine, atMs: number) => slots.get(answer.app)?.resolve({ answer, atMs }),
    /** Rejects every wait for an answer that did not come. */
    close(error: unknown) {
      for (const { reject } of slots.values()) reject(error);
    },
    async take(app: string): Promise<Arrived> {
      const slot = slots.get(app);
      if (slot === undefined) throw new CodedError("GC1901", `app ${app} was not announced to the reader`);
      return await slot.arrived;
    },
  };
}

function newSlot() {
  let resolve: (arrived: Arrived) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const arrived = new Promise<Arrived>((onArrival, onError) => {
    resolve = onArrival;
    reject = onError;
  });
  // Nobody waits for the answer of an app whose sending failed: that must not count as an unhandled rejection.
  arrived.catch(() => {});
  return { arrived, resolve, reject };
}

/** Returns the apps with these names, or all. Throws GC1001 or GC1104 with every name that cannot be verified. */
export function chooseApps(declaration: Pick<Declaration, "apps">, wanted: readonly string[]): AppToVerify[] {
  const apps = provisionedApps(declaration);
  const names = Object.keys(apps);
  const unknown = wanted.filter((name) => !Object.hasOwn(apps, name));
  const given = unknown.filter((name) => declaration.apps[name]?.dsn !== undefined);
  if (given.length > 0) {
    throw new CodedError(
      "GC1001",
      `${given.join(", ")}: a DSN of its own is stated, and without an API token no event can be read back`,
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
    // The event is sent from inside of the container, so a variable for the container comes first.
    const chosen = variables.find(({ audience }) => audience === "container") ?? variables[0];
    if (chosen === undefined) return [];
    return {
      name,
      project: app.project,
      variable: chosen.name,
      audience: chosen.audience,
      ...defined({
        byEnvFile: app.inject === "env-file" ? (true as const) : undefined,
        onHost: app.host ? (true as const) : undefined,
        providedAs: provider && providedName(provider, chosen.name),
      }),
    };
  });
}

function newEvent(app: string): TestEvent {
  const mark = randomBytes(8).toString("hex");
  return { id: newEventId(), mark, text: `glitchtip-compose verify: ${app} ${mark}` };
}
