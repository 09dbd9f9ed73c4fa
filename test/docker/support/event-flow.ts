import type { DsnParts } from "../../../src/glitchtip/dsn.ts";
import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

/** Sends an event to GlitchTip's published port. Resolves to the status of the answer. */
export async function postEvent(stack: Stack, { key, projectId }: DsnParts, id: string): Promise<number> {
  const event = { event_id: id, message: "while it restarts", level: "error", fingerprint: ["restart"] };
  const body = [{ event_id: id }, { type: "event" }, event].map((line) => JSON.stringify(line)).join("\n");
  const url = `http://127.0.0.1:${stack.project.ports.glitchtip}/api/${projectId}/envelope/?sentry_key=${key}`;
  const headers = { "content-type": "application/x-sentry-envelope" };
  const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
  await response.body?.cancel();
  return response.status;
}

/** Kills a service's main process, and waits until the engine has started it again. */
export async function killAndAwait(stack: Stack, service: string): Promise<void> {
  const { State: before } = await stack.container(service);
  await killAsTheKernel(stack, service);
  await until(`${service} runs again`, async () => {
    const { State } = await stack.container(service);
    return State.StartedAt !== before.StartedAt && State.Status === "running" ? true : undefined;
  });
}

/** Kills a service's main process from the host: the engine takes its own `docker kill` for a wish to stop. */
export async function killAsTheKernel(stack: Stack, service: string): Promise<void> {
  const { State } = await stack.container(service);
  const host = ["run", "--rm", "--network", "none", "--pid", "host", "--cap-drop", "ALL", "--cap-add", "KILL"];
  const { code, stderr } = await stack.project.docker([...host, "busybox:1", "kill", "-9", String(State.Pid)]);
  if (code !== 0) throw new Error(stderr);
}
