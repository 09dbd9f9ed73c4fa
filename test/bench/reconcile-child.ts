import { rmSync } from "node:fs";
import { silentLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { systemClock } from "../../src/base/wait.ts";
import { openCalls } from "../../src/glitchtip/calls/index.ts";
import { limitTransport } from "../../src/glitchtip/limiter.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { applyPlan } from "../../src/management/apply.ts";
import { observeServer } from "../../src/management/observe.ts";
import { openServerStore } from "../../src/outputs/server-store.ts";
import { planServer } from "../../src/reconcile/plan.ts";
import { seededServer } from "../support/desired-server.ts";

export interface ChildInput {
  readonly url: string;
  readonly token: string;
  readonly projects: number;
  readonly alerts: number;
  readonly apply: boolean;
  /** A file. */
  readonly store: string;
}

/** One plan, and apply where asked, as a process: what its command does between reading the declaration and printing. */
const { url, token, projects, alerts, apply, store }: ChildInput = JSON.parse(process.argv[2] ?? "{}");
const desired = seededServer(projects, alerts);
const transport = openTransport(openNodeHttp, url, { connections: 40, keepAlive: true });
const clock = systemClock;
const { signal } = new AbortController();
const limited = limitTransport(transport, { clock });
const calls = openCalls({ transport: limited, token: new Secret(token), clock, signal });
const context = { calls, clock, signal, log: silentLog, store: openServerStore(store) };
const { observed, problems } = await observeServer(context, desired);
if (observed === undefined || problems.length > 0) throw new Error(`not read: ${problems[0]?.message}`);
const plan = planServer(desired, observed, { generation: "6", strict: true, known: context.store.known });
const wanted = apply ? projects * alerts : 0;
if (plan.actions.length !== wanted) throw new Error(`${plan.actions.length} actions instead of ${wanted}`);
if (apply) {
  const start = performance.now();
  const outcomes = await applyPlan(context, plan.actions);
  if (outcomes.some(({ result }) => result !== "applied")) throw new Error("not all was applied");
  Object.assign(globalThis, { benchPhases: { phaseMs: performance.now() - start } });
}
await transport.close();
rmSync(store, { force: true });
