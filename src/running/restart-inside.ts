import { CodedError } from "../base/errors.ts";
import type { Clock } from "../base/wait.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import type { Restarted } from "./restart.ts";

const STORES: readonly string[] = ["postgres", "valkey"];
const ALL: readonly string[] = ["worker", "web"];

/** Web and worker unless others are named, in the order in which they start; they follow their stores. */
export function planRestartInside(named: readonly string[]): readonly string[] {
  if (named.includes("init")) {
    throw new CodedError("GC1001", "migrate runs at each start of the container; it is not restarted", {
      remedy: "glitchtip-compose migrate",
    });
  }
  const stores = STORES.filter((name) => named.includes(name));
  const others = named.filter((name) => !STORES.includes(name));
  return [...stores, ...(stores.length > 0 || named.length === 0 ? ALL : others)];
}

/** By the supervisor of the single container, which waits until each is ready again. */
export async function restartInside(
  docker: Docker,
  container: string,
  programs: readonly string[],
  clock: Clock,
  say: (text: string) => void,
): Promise<Restarted[]> {
  const start = clock.now();
  say(`restarting ${programs.join(", ")}`);
  const { code, stderr } = await docker.cli(["exec", container, "programs", "restart", ...programs]);
  if (code !== 0) {
    throw new CodedError("GC1605", `${programs.join(", ")} did not come up again`, {
      problems: lastLines(stderr, 3),
      remedy: "Look at it with: glitchtip-compose logs --errors",
    });
  }
  const ms = clock.now() - start;
  return programs.map((service) => ({ service, state: "running", health: "ready", ms }));
}
