import { variablesOf } from "../../config/app-variables.ts";
import type { Audience, Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import type { RunningStack } from "../../running/index.ts";
import { DSN_VOLUME } from "../../stack/apps.ts";
import { isStackService, SERVER } from "../../stack/service-names.ts";
import type { RotatingProject } from "../rotate.ts";
import { readRetiringKey } from "./restart.ts";

/** Who may send with the retiring key. */
export interface Holder {
  readonly project: string;
  readonly who: string;
  readonly why: string;
}

export interface Holders {
  /** Seen just now. */
  readonly now: readonly Holder[];
  /** Cannot be seen from here, or only comes when something is started again. */
  readonly maybe: readonly Holder[];
}

interface Seen {
  readonly name: string;
  readonly startedAt: string;
  readonly env: readonly string[] | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly mounts: readonly { readonly Name?: string }[] | null;
}

const LOOK = ["name:.Name", "startedAt:.State.StartedAt", "env:.Config.Env", "labels:.Config.Labels", "mounts:.Mounts"]
  .map((field) => field.split(":"))
  .map(([name, path]) => `"${name}":{{json ${path}}}`)
  .join(",");
const ASK_WITHIN_MS = 60_000;

/**
 * GlitchTip's events do not tell which key they came with: ingest looks the key up and forgets it (5.2's source; no
 * event of the recordings has one). So everything on this engine that got the key is looked for, and the server's log,
 * where browsers' requests stand with the key in their address.
 */
export async function findHolders(
  docker: Docker,
  stack: RunningStack,
  declaration: Declaration,
  projects: readonly RotatingProject[],
  sinceMs: number,
): Promise<Holders> {
  const running = await runningOnEngine(docker);
  const volume = stack.config.volumes?.[DSN_VOLUME]?.name;
  const all = projects.map(async (rotating): Promise<Holders> => {
    const { project, retiringKey } = rotating;
    const holder = (who: string, why: string) => ({ project, who, why });
    const containers = running.flatMap((seen) => {
      const name = `container ${seen.name.replace(/^\//, "")}`;
      if (seen.env?.some((line) => line.includes(retiringKey))) return holder(name, "has it in its own environment");
      if (!seen.mounts?.some(({ Name }) => Name !== undefined && Name === volume)) return [];
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
      now: [...containers, ...(sent === 0 ? [] : [holder("somebody", `sent ${sent} requests with it just now`)])],
      maybe: [...fixed, ...outside],
    };
  });
  const found = await Promise.all(all);
  return { now: found.flatMap(({ now }) => now), maybe: found.flatMap(({ maybe }) => maybe) };
}

/** Not ours, and not another project's app, which reads another file of the same volume. */
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

/** Of any project: somebody may have copied the DSN. */
async function runningOnEngine(docker: Docker): Promise<Seen[]> {
  const { stdout: ids } = await docker.cli(["ps", "--quiet", "--no-trunc"], { deadlineMs: ASK_WITHIN_MS });
  const wanted = ids.split("\n").filter((id) => id !== "");
  if (wanted.length === 0) return [];
  // One that ended meanwhile is an exit code, and the others are still told.
  const args = ["inspect", "--type", "container", "--format", `{${LOOK}}`, ...wanted];
  const { stdout } = await docker.cli(args, { deadlineMs: ASK_WITHIN_MS });
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Seen);
}

/** Lines of the web server's log with the key: uWSGI writes each request's address (up to 5.2), granian none. */
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
