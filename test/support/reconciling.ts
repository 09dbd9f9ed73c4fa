import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { type Clock, systemClock } from "../../src/base/wait.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { openPoolTransport } from "../../src/glitchtip/transport-undici.ts";
import { openServer, type ServerContext } from "../../src/operations/reconcile/context.ts";
import { openServerStore } from "../../src/outputs/server-store.ts";
import {
  type DesiredAlert,
  type DesiredOrganization,
  type DesiredProject,
  type DesiredServer,
  KINDS,
} from "../../src/reconcile/server/model.ts";
import { ADMIN } from "./provisioning.ts";

export const desiredServer = (over: Partial<DesiredServer> = {}): DesiredServer => ({
  name: "prod",
  timeoutMs: 15_000,
  retries: 3,
  prune: false,
  allowPrivateAddresses: false,
  manages: KINDS,
  listsOrganizations: false,
  organizations: [],
  ...over,
});

export const desiredOrganization = (over: Partial<DesiredOrganization> = {}): DesiredOrganization => ({
  name: "Acme",
  listsProjects: true,
  projects: [],
  ...over,
});

export const desiredProject = (name: string, over: Partial<DesiredProject> = {}): DesiredProject => ({
  key: name,
  name,
  nameIsDeclared: false,
  team: "backend",
  teamIsDeclared: false,
  ...over,
});

export const desiredAlert = (name: string, over: Partial<DesiredAlert> = {}): DesiredAlert => ({
  name,
  timespanMinutes: 10,
  quantity: 100,
  uptime: false,
  recipients: [{ type: "email", url: "" }],
  ...over,
});

/** What the emulator's `seed` makes, as a declaration that manages alerts. */
export function seededServer(projects: number, alerts: number): DesiredServer {
  const recipients = (project: string, nth: number) => [
    { type: "email", url: "" },
    { type: "webhook", url: `https://hooks.example.com/${project}/${nth}` },
  ];
  const alertsOf = (project: string) =>
    Array.from({ length: alerts }, (_, at) =>
      desiredAlert(`alert-${at + 1}`, {
        timespanMinutes: 10 * (at + 1),
        quantity: 100 * (at + 1),
        recipients: recipients(project, at + 1),
      }),
    );
  const all = Array.from({ length: projects }, (_, at) => {
    const name = `project-${String(at + 1).padStart(5, "0")}`;
    return desiredProject(name, { alerts: alertsOf(name) });
  });
  return desiredServer({ manages: ["alert"], organizations: [desiredOrganization({ projects: all })] });
}

export interface Reconciling extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly context: ServerContext;
  /** As a new process would open it. */
  reopen(options?: { readonly clock?: Clock; readonly signal?: AbortSignal }): ServerContext;
}

/** An emulator and a context that reads and changes it. */
export async function startReconciling(options: EmulatorOptions = {}): Promise<Reconciling> {
  const emulator = await startEmulator({ superuser: ADMIN, processingDelayMs: 0, ...options });
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  const transport = openPoolTransport(emulator.url, { connections: 40, keepAlive: true, requestTimeoutMs: 5_000 });
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
