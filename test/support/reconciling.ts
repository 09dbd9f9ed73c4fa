import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { type Clock, systemClock } from "../../src/base/wait.ts";
import type { Emulator, EmulatorOptions } from "../../src/emulator/index.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import type { Generation } from "../../src/glitchtip/versions.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { applyPlan, type Outcome } from "../../src/management/apply.ts";
import { observeServer } from "../../src/management/observe.ts";
import type { ReadProblem } from "../../src/management/problems.ts";
import { openServer, type ServerContext } from "../../src/management/server-context.ts";
import { openServerStore } from "../../src/outputs/server-store.ts";
import type { Plan } from "../../src/reconcile/action.ts";
import type { DesiredServer } from "../../src/reconcile/desired.ts";
import { planServer } from "../../src/reconcile/plan.ts";
import { startServer } from "./emulator.ts";

export interface Reconciling extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly context: ServerContext;
  /** As a new process would open it. */
  reopen(options?: { readonly clock?: Clock; readonly signal?: AbortSignal }): ServerContext;
}

/** An emulator and a context that reads and changes it. */
export async function startReconciling(options: EmulatorOptions = {}): Promise<Reconciling> {
  const emulator = await startServer(options);
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  const transport = openTransport(openNodeHttp, emulator.url, { connections: 40, requestTimeoutMs: 5_000 });
  const token = new Secret(emulator.mintToken());
  const reopen: Reconciling["reopen"] = ({ clock = systemClock, signal = new AbortController().signal } = {}) =>
    openServer({
      transport,
      token,
      clock,
      signal,
      log: silentLog,
      store: openServerStore(join(folder, "prod.jsonl")),
    });
  return {
    emulator,
    context: reopen(),
    reopen,
    async [Symbol.asyncDispose]() {
      await transport.close();
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What stands on the server when `everything` was applied. */
export const ALL_OF_IT = {
  organizations: ["Acme"],
  teams: ["backend", "frontend"],
  projects: ["shop-api: backend"],
  keys: ["", "ci"],
  alerts: ["errors: 2", "uptime: 1"],
  monitors: ["site"],
  members: ["admin@example.com: owner", "dev@example.com: admin"],
};

export interface Reconciled {
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly problems: readonly ReadProblem[];
}

/** What `apply --yes` does to one server. */
export async function reconcile(
  context: ServerContext,
  desired: DesiredServer,
  generation: Generation = "6",
): Promise<Reconciled> {
  const { observed, problems } = await observeServer(context, desired);
  if (observed === undefined) throw new Error(`nothing was read: ${problems[0]?.message}`);
  const plan = planServer(desired, observed, { generation, strict: true, known: context.store.known });
  context.store.replace(plan.known);
  return { plan, outcomes: await applyPlan(context, plan.actions), problems };
}

export const notApplied = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.filter(({ result }) => result !== "applied");

/** What stands on the server, without what differs from run to run. */
export function standing({ emulator }: Pick<Reconciling, "emulator">) {
  const { organizations, teams, projects, keys, alerts, monitors, members } = emulator.snapshot();
  return {
    organizations: organizations.map(({ name }) => name),
    teams: teams.map(({ slug }) => slug).sort(),
    projects: projects.filter(({ deleted }) => !deleted).map(({ slug, teams: of }) => `${slug}: ${of.join()}`),
    keys: keys.map(({ name }) => name).sort(),
    alerts: alerts.map(({ name, recipients }) => `${name}: ${recipients}`).sort(),
    monitors: monitors.map(({ name }) => name),
    members: members.map(({ email, role }) => `${email}: ${role}`).sort(),
  };
}
