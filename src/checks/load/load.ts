import { agreeing, counted } from "../../base/counted.ts";
import { CodedError } from "../../base/errors.ts";
import type { Secret } from "../../base/secret.ts";
import type { Clock } from "../../base/wait.ts";
import type { Declaration } from "../../config/schema.ts";
import { serverKind } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { openClient } from "../../glitchtip/client.ts";
import type { Transport, TransportOptions } from "../../glitchtip/transport.ts";
import { storedIn } from "../../outputs/state-store.ts";
import { containerOf, hostUrl, type RunningStack } from "../../running/index.ts";
import { publishesPort } from "../../stack/production.ts";
import { PROVISIONER } from "../../stack/service-names.ts";
import { frontOf } from "../production/served.ts";
import { type ContainerMemory, watchMemory } from "./memory.ts";
import { readBackAll } from "./read-back.ts";
import { newRun, type Sent, sendLoad } from "./send.ts";

/** Upper limits, so that a typing error does no harm. */
export const LOAD_LIMITS = { events: 10_000, concurrency: 64, sendWithinMs: 60_000 } as const;

const READ_WITHIN_MS = 180_000;
const CLEAN_UP_WITHIN_MS = 15_000;

export interface LoadContext {
  readonly docker: Docker;
  readonly stack: RunningStack;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  say(text: string): void;
}

export interface LoadOptions {
  readonly events: number;
  readonly concurrency: number;
  /** Name of the project on the server. */
  readonly project: string;
  /** Whether the issue of the load is kept. */
  readonly keep: boolean;
}

export interface LoadReport extends Omit<Sent, "accepted"> {
  readonly project: string;
  readonly title: string;
  readonly accepted: number;
  readonly acceptedPerS: number;
  /** Ids of events that were accepted and could not be read within three minutes. */
  readonly lost: readonly string[];
  readonly storedMs?: number;
  readonly memory: readonly ContainerMemory[];
}

/** Sends real events to a running stack and reads every accepted one back. */
export async function runLoad(context: LoadContext, options: LoadOptions): Promise<LoadReport> {
  const { docker, stack, clock, say } = context;
  const { project: name, keep, ...amount } = options;
  const { token, organization, project } = await provisioned(stack, name);
  const glitchtip = openClient({ ...context, token });
  const run = newRun();
  const where = { organization: organization.slug, project: project.slug };
  const dsn = { key: project.key, projectId: project.id };
  let issueId: string | undefined;
  const foundIssue = (id: string) => {
    issueId = id;
  };
  const load = async () => {
    say(`sending ${counted(amount.events, "event")} to project ${name}, ${amount.concurrency} at a time`);
    const sent = await sendLoad(run, { ...context, ...amount, dsn, withinMs: LOAD_LIMITS.sendWithinMs });
    say(
      `${counted(sent.accepted.length, "event")} ${agreeing(sent.accepted.length, "was", "were")} accepted${refusedText(sent)}; waiting until they can be read`,
    );
    const within = { glitchtip, withinMs: READ_WITHIN_MS, foundIssue };
    const read = await readBackAll(sent.accepted, { ...context, ...where, ...within });
    return { sent, read };
  };
  const { result, memory } = await watchMemory(docker, stack, clock, load).finally(async () => {
    if (issueId !== undefined && !keep) await removeIssue(context, token, issueId);
  });
  const { accepted, ...sent } = result.sent;
  const acceptedPerS = Math.round((accepted.length * 10_000) / Math.max(1, sent.tookMs)) / 10;
  return { project: name, title: run.title, accepted: accepted.length, acceptedPerS, ...sent, ...result.read, memory };
}

function refusedText({ notAccepted }: Sent): string {
  const refused = Object.entries(notAccepted).map(([what, count]) => `${what}: ${count}`);
  return refused.length === 0 ? "" : `, others were not (${refused.join(", ")})`;
}

/** Deletes the issue of a load, also after the load has failed or was interrupted. */
async function removeIssue(context: LoadContext, token: Secret, issueId: string): Promise<void> {
  const glitchtip = openClient({ ...context, token, signal: AbortSignal.timeout(CLEAN_UP_WITHIN_MS) });
  await glitchtip.deleteIssue(issueId).catch((error: unknown) => {
    context.say(
      `issue ${issueId} of the load stays on the server: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
}

/** Reads the provisioner's token and the project's key from its state. */
async function provisioned(stack: RunningStack, name: string) {
  const provisioner = containerOf(stack, PROVISIONER);
  const text = provisioner && (await stack.engine.readFile(provisioner.id, "/state/state.json"));
  const { token, organization, projects } = storedIn(text ?? "");
  const project = projects[name];
  if (token === undefined || organization === undefined || project?.key === undefined) {
    throw new CodedError("GC1605", `the provisioner has not created project ${name} yet`, {
      remedy: "docker compose up -d --wait",
    });
  }
  return { token, organization, project: { ...project, key: project.key } };
}

interface LoadTarget extends Pick<TransportOptions, "ca" | "connectTo"> {
  readonly url: string;
}

/**
 * Returns the address that the load is sent to: the published port of GlitchTip or of its proxy. Throws GC1001 for another
 * host unless the user says that it is theirs.
 */
export async function loadTarget(
  docker: Docker,
  declaration: Declaration,
  stack: RunningStack,
  ownsServer: boolean,
): Promise<LoadTarget> {
  const target = await findTarget(docker, declaration, stack);
  const host = target.connectTo?.host ?? new URL(target.url).hostname;
  if (ownsServer || isLoopback(host)) return target;
  throw new CodedError(
    "GC1001",
    `${target.url} is not on this machine (${host}): no load is put on other people's servers`,
    {
      remedy: "If it is yours, and its users know: run the command again with --i-own-this-server",
    },
  );
}

async function findTarget(docker: Docker, declaration: Declaration, stack: RunningStack): Promise<LoadTarget> {
  const { server, production } = declaration;
  if (serverKind(declaration) !== "bundled") return { url: server.url ?? "" };
  if (publishesPort(declaration)) {
    const { url: _, ...published } = server;
    return { url: await hostUrl({ server: published }, docker) };
  }
  const front = await frontOf(docker, declaration, stack);
  const url = server.url ?? `https://${production?.domain}`;
  if (front === undefined) return { url };
  return {
    url,
    connectTo: { host: front.host, port: front.httpsPort },
    ...(front.authority !== undefined && { ca: front.authority }),
  };
}

const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|\[?::1\]?)$/.test(host);
