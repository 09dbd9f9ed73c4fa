import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import { type Contender, lockPlace } from "./lock-place.ts";

export interface LockOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly log: Log;
  /** The name of the holder in messages. */
  readonly holder?: string;
  readonly remedy?: string;
  /** What those who wait are told of this process, as in `glitchtip-compose up (process 123)`. */
  readonly label?: string;
}

const STOP_PROVISIONER = "Wait for it, or stop it: docker compose stop glitchtip-provision";

/**
 * One provisioner at a time per folder. The lock is a socket that its holder listens on: it dies with the process, also
 * by SIGKILL, and works between containers that share a volume, where a process id would say nothing.
 *
 * Each contender shows a socket of its own and holds the lock once no other living one is to be seen; of several at
 * once the first by name stays and the others step back.
 */
export async function acquireLock(folder: string, options: LockOptions): Promise<AsyncDisposable> {
  const { log, holder = "provisioner", remedy = STOP_PROVISIONER, label, ...waiting } = options;
  const place = lockPlace(folder, label);
  let shown: Contender | undefined;
  let told = false;
  let who = `another ${holder}`;
  const stepBack = async () => {
    await shown?.withdraw();
    shown = undefined;
  };
  try {
    const held = await retry<Contender>({
      ...waiting,
      pauseMs: { first: 50, longest: 500 },
      async attempt() {
        if (shown === undefined && (await place.rivals()).length === 0) shown = await place.show();
        const rivals = await place.rivals(shown);
        if (shown !== undefined && rivals.length === 0) return shown;
        who = rivals.find((rival) => rival.label !== "")?.label ?? `another ${holder}`;
        if (rivals.some(({ name }) => shown !== undefined && name < shown.name)) await stepBack();
        if (!told) log.step(`${who} is running here; waiting until it ends`);
        told = true;
        return undefined;
      },
      say: (waitedMs) => log.step(`still waiting for ${who} after ${inSeconds(waitedMs)}`),
      late: (waitedMs) =>
        new CodedError("GC1406", `${who} has been running for ${inSeconds(waitedMs)} (${folder})`, {
          remedy,
        }),
    });
    return { [Symbol.asyncDispose]: held.withdraw };
  } catch (error) {
    await stepBack();
    throw error;
  }
}

const inSeconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
