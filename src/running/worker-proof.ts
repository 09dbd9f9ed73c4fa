import { CodedError } from "../base/errors.ts";
import { PROVES_WORKER_VARIABLE } from "../config/defaults.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { PROVISIONER, SERVER, WORKER } from "../stack/service-names.ts";
import { containerOf, databaseContainerOf, isSingleContainer, observeStack } from "./observe.ts";
import { provisionerStatus } from "./state.ts";

interface ProofContext {
  readonly docker: Docker;
  readonly signal: AbortSignal;
  say(line: string): void;
}

/** A worker that was just started takes its time on a busy machine. */
const STORED_WITHIN_SECONDS = 120;

/**
 * Proves by an event that is read back that the worker stores events, where it or its database was started since the
 * last proof. A known DSN is otherwise asked by an empty envelope, which no worker sees. Throws GC1405.
 */
export async function proveRestartedWorker({ docker, signal, say }: ProofContext): Promise<void> {
  const stack = await observeStack(docker);
  const provedAt = (await provisionerStatus(stack))?.provedAt;
  if (provedAt === undefined) return;
  const worker = isSingleContainer(stack.config.services) ? SERVER : WORKER;
  const younger = [databaseContainerOf(stack), containerOf(stack, worker)].filter(
    (one) => one?.state === "running" && (one.sinceMs ?? 0) > Date.parse(provedAt),
  );
  if (younger.length === 0) return;
  const names = younger.flatMap((one) => one?.service ?? []).join(" and ");
  say(`${names} started since the last event was read back; sending another`);
  const variables = [`${PROVES_WORKER_VARIABLE}=true`, `GLITCHTIP_PROOF_WITHIN_SECONDS=${STORED_WITHIN_SECONDS}`];
  const run = ["run", "--rm", "--no-deps", "-T", ...variables.flatMap((variable) => ["-e", variable]), PROVISIONER];
  const { code, stderr } = await docker.cli(["compose", "--profile", "*", ...run], {
    signal,
    deadlineMs: (STORED_WITHIN_SECONDS + 180) * 1_000,
  });
  if (code === 0) return;
  throw new CodedError("GC1405", `${names} started since the last proof, and no event could be proved since`, {
    problems: lastLines(stderr, 3),
    remedy: "npx glitchtip-compose restart worker; then: npx glitchtip-compose verify",
  });
}
