import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import type { Docker } from "../../docker/index.ts";
import { openClient } from "../../glitchtip/client.ts";
import type { Transport } from "../../glitchtip/transport.ts";
import { storedIn } from "../../outputs/state-store.ts";
import { containerOf, type RunningStack } from "../../running/index.ts";
import { PROVISIONER } from "../../stack/service-names.ts";
import { newRun } from "./event.ts";
import { type ContainerMemory, watchMemory } from "./memory.ts";
import { readBackAll } from "./read-back.ts";
import { type Sent, sendLoad } from "./send.ts";

/** So that a slip of the hand does no harm. */
export const LOAD_LIMITS = { events: 10_000, concurrency: 64, sendWithinMs: 60_000 } as const;

const READ_WITHIN_MS = 180_000;

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
  /** Its name on the server. */
  readonly project: string;
  /** The issue of the load stays. */
  readonly keep: boolean;
}

export interface LoadReport extends Omit<Sent, "accepted"> {
  readonly project: string;
  readonly title: string;
  readonly accepted: number;
  readonly acceptedPerS: number;
  /** Accepted, and not there after three minutes. */
  readonly lost: readonly string[];
  readonly storedMs?: number;
  readonly memory: readonly ContainerMemory[];
}

/** Sends real events to a running stack, and reads every accepted one back. */
export async function load(context: LoadContext, options: LoadOptions): Promise<LoadReport> {
  const { docker, stack, clock, say } = context;
  const { project: name, keep, ...amount } = options;
  const { token, organization, project } = await provisioned(stack, name);
  const glitchtip = openClient({ ...context, token });
  const run = newRun();
  const where = { organization: organization.slug, project: project.slug };
  const dsn = { key: project.key, projectId: project.id };
  const { result, memory } = await watchMemory(docker, stack, clock, async () => {
    say(`sending ${amount.events} events to project ${name}, ${amount.concurrency} at a time`);
    const sent = await sendLoad(run, { ...context, ...amount, dsn, withinMs: LOAD_LIMITS.sendWithinMs });
    say(`${sent.accepted.length} events were accepted; waiting until they can be read`);
    const read = await readBackAll(sent.accepted, { ...context, ...where, glitchtip, withinMs: READ_WITHIN_MS });
    return { sent, read };
  });
  const { accepted, ...sent } = result.sent;
  const { issueId, ...read } = result.read;
  if (issueId !== undefined && !keep) await glitchtip.deleteIssue(issueId);
  const acceptedPerS = Math.round((accepted.length * 10_000) / Math.max(1, sent.tookMs)) / 10;
  return { project: name, title: run.title, accepted: accepted.length, acceptedPerS, ...sent, ...read, memory };
}

/** What the provisioner knows: its token, and the project's key. */
async function provisioned(stack: RunningStack, name: string) {
  const provisioner = containerOf(stack, PROVISIONER);
  const text = provisioner && (await stack.engine.readFile(provisioner.id, "/state/state.json"));
  const { token, organization, projects } = storedIn(text ?? "");
  const project = projects[name];
  if (token === undefined || organization === undefined || project?.key === undefined) {
    throw new CodedError("GC1605", `the provisioner has not made project ${name} yet`, {
      remedy: "docker compose up -d --wait",
    });
  }
  return { token, organization, project: { ...project, key: project.key } };
}
