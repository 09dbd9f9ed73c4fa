import { counted } from "../../base/counted.ts";
import { CodedError } from "../../base/errors.ts";
import type { Clock } from "../../base/wait.ts";
import { DSN_VOLUME, dsnVolume } from "../../config/dsn-volumes.ts";
import { variablesOf } from "../../config/framework-presets.ts";
import type { Audience, Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import type { RunningStack } from "../../running/index.ts";
import { isStackService, SERVER } from "../../stack/service-names.ts";
import type { RotatingProject } from "./execute.ts";
import { readRetiringKey } from "./restart-app.ts";

/** Somebody who may send with the retiring key. */
export interface Holder {
  readonly project: string;
  readonly who: string;
  readonly why: string;
}

export interface Holders {
  /** Those that were seen just now. */
  readonly now: readonly Holder[];
  /** Those that cannot be seen from here, or that only come back when something is started again. */
  readonly maybe: readonly Holder[];
}

interface Seen {
  readonly name: string;
  readonly startedAt: string;
  readonly env: readonly string[] | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly mounts: readonly { readonly Name?: string }[] | null;
}

const INSPECT_FORMAT = [
  "name:.Name",
  "startedAt:.State.StartedAt",
  "env:.Config.Env",
  "labels:.Config.Labels",
  "mounts:.Mounts",
]
  .map((field) => field.split(":"))
  .map(([name, path]) => `"${name}":{{json ${path}}}`)
  .join(",");
const ASK_WITHIN_MS = 60_000;

/**
 * Finds who holds the retiring keys. GlitchTip's events do not tell with which key they came (no event of the recordings
 * has one), so this looks at everything on this engine that got the key, and at the server's log, which has the key in
 * the addresses of browsers' requests.
 */
export async function findHolders(
  docker: Docker,
  stack: RunningStack,
  declaration: Declaration,
  projects: readonly RotatingProject[],
  sinceMs: number,
): Promise<Holders> {
  const running = await runningOnEngine(docker);
  const all = projects.map(async (rotating): Promise<Holders> => {
    const { project, retiringKey } = rotating;
    // The first one had all DSNs in earlier versions.
    const volumes = [DSN_VOLUME, ...rotating.apps.map(dsnVolume)].map((key) => stack.config.volumes?.[key]?.name);
    const holder = (who: string, why: string) => ({ project, who, why });
    const containers = running.flatMap((seen) => {
      const name = `container ${seen.name.replace(/^\//, "")}`;
      if (seen.env?.some((line) => line.includes(retiringKey))) return holder(name, "has it in its own environment");
      if (!seen.mounts?.some(({ Name }) => Name !== undefined && volumes.includes(Name))) return [];
      if (!mayRead(seen, stack.config.name, declaration, rotating)) return [];
      return readRetiringKey(Date.parse(seen.startedAt), rotating) ? holder(name, "has not been restarted since") : [];
    });
    const sent = await requestsWith(docker, stack, retiringKey, sinceMs);
    const fixed = Object.entries(stack.config.services)
      .filter(([, service]) => JSON.stringify(service).includes(retiringKey))
      .map(([name]) => holder(`service ${name}`, "has it in your Compose files or .env"));
    const outside = rotating.apps.flatMap((app) => {
      const audiences = audiencesOf(declaration, app);
      const onHost = audiences.has("host") && stack.config.services[app]?.network_mode !== "host";
      return [
        ...(audiences.has("public")
          ? [holder(`browsers with a page of ${app}`, "they keep it until they load the page again")]
          : []),
        ...(onHost ? [holder(`programs outside of containers, by ${app}`, "they cannot be seen from here")] : []),
      ];
    });
    return {
      now: [
        ...containers,
        ...(sent === 0 ? [] : [holder("somebody", `sent ${counted(sent, "request")} with it just now`)]),
      ],
      maybe: [...fixed, ...outside],
    };
  });
  const found = await Promise.all(all);
  return { now: found.flatMap(({ now }) => now), maybe: found.flatMap(({ maybe }) => maybe) };
}

/** False for containers of the stack, and for apps of other projects, which read another file of the same volume. */
function mayRead(
  { labels }: Seen,
  composeProject: string,
  { apps }: Declaration,
  { apps: rotating }: RotatingProject,
): boolean {
  if (labels?.["com.docker.compose.project"] !== composeProject) return true;
  const service = labels["com.docker.compose.service"] ?? "";
  return !isStackService(service) && (rotating.includes(service) || !Object.hasOwn(apps, service));
}

function audiencesOf({ apps }: Declaration, name: string): ReadonlySet<Audience> {
  const app = apps[name];
  return new Set(app === undefined ? [] : variablesOf(app).map(({ audience }) => audience));
}

/** Inspects the containers of every Compose project: somebody may have copied the DSN. */
async function runningOnEngine(docker: Docker): Promise<Seen[]> {
  const { stdout: ids } = await docker.cli(["ps", "--quiet", "--no-trunc"], { deadlineMs: ASK_WITHIN_MS });
  const wanted = ids.split("\n").filter((id) => id !== "");
  if (wanted.length === 0) return [];
  // The exit code is not 0 when a container ended meanwhile; the others are printed all the same.
  const args = ["inspect", "--type", "container", "--format", `{${INSPECT_FORMAT}}`, ...wanted];
  const { stdout } = await docker.cli(args, { deadlineMs: ASK_WITHIN_MS });
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Seen);
}

/** Counts lines of the server's log that have the key: uWSGI (up to 5.2) writes each request's address, granian none. */
async function requestsWith(docker: Docker, stack: RunningStack, key: string, sinceMs: number): Promise<number> {
  let count = 0;
  const look = (line: string) => {
    if (line.includes(key)) count++;
  };
  for (const { id, service, state } of stack.containers) {
    if (service !== SERVER || state !== "running") continue;
    await docker.cli(["logs", "--since", new Date(sinceMs).toISOString(), id], {
      onStdoutLine: look,
      onStderrLine: look,
      deadlineMs: ASK_WITHIN_MS,
    });
  }
  return count;
}

interface Watch {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The time by the engine's clock, as the start times of containers. */
  nowMs(): number;
  /** Finds who holds the retiring key now. Requests count from `sinceMs` on. */
  look(sinceMs: number): Promise<Holders>;
  say(text: string): void;
}

/** A wait of half a minute is looked at every 2.5 s, so that its progress shows; one of an hour every 30 s. */
const lookEveryMs = (silentForMs: number): number => Math.min(Math.max(silentForMs / 12, 1_000), 30_000);

/**
 * Waits until nobody was seen with the retiring key for `silentForMs` since the last restart; a rotation that goes on an
 * hour later has waited already. Throws GC1408 when somebody still has the key after watching for that time.
 */
export async function untilSilent(watch: Watch, restartedAtMs: number, silentForMs: number): Promise<Holders> {
  const { clock, signal, nowMs, look, say } = watch;
  const startMs = nowMs();
  let silentSinceMs = restartedAtMs;
  for (let lookedMs = restartedAtMs; ; ) {
    const now = nowMs();
    const holders = await look(lookedMs);
    lookedMs = now;
    if (holders.now.length > 0) silentSinceMs = now;
    const leftMs = silentSinceMs + silentForMs - now;
    if (holders.now.length === 0 && leftMs <= 0) return holders;
    if (holders.now.length > 0 && now - startMs >= silentForMs) throw stillUsed(holders.now);
    const who = [...new Set(holders.now.map(({ who }) => who))].join(", ");
    say(
      who === ""
        ? `checking that nothing uses the old key: ${Math.ceil(leftMs / 1_000)} s left`
        : `the old key is still held by ${who}`,
    );
    await clock.sleep(Math.max(1, Math.min(lookEveryMs(silentForMs), leftMs)), signal);
  }
}

const stillUsed = (holders: readonly Holder[]) =>
  new CodedError("GC1408", "the old key is still in use, so it is not deleted", {
    problems: describeHolders(holders),
    remedy:
      "Restart or stop these, then run rotate again. rotate --keep-old leaves the old key; rotate --abort goes back to it.",
  });

export const describeHolders = (holders: readonly Holder[]): string[] =>
  holders.map(({ project, who, why }) => `${project}: ${who}: ${why}`);
