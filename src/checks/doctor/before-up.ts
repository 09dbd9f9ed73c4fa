import { join } from "node:path";
import { CodedError, type ErrorCode } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import type { ComposePort, Docker, LocatedEngine } from "../../docker/index.ts";
import { composeProjectNameOf, type Workspace } from "../../workspace/index.ts";
import { checkEngine } from "./engine-checks.ts";
import type { Finding } from "./finding.ts";
import type { Machine } from "./index.ts";
import { checkPorts, type Taken } from "./port-checks.ts";
import { statedPorts } from "./stated-ports.ts";

export interface BeforeUpContext {
  readonly docker: Docker;
  readonly machine: Pick<Machine, "portIsFree">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Pick<Log, "warn">;
}

/**
 * Of doctor's checks those that cost next to nothing and tell what `up` would fail of: an engine without a feature that
 * the files use, a port that somebody else has. Throws before anything is started. Of a stack that is there already the
 * ports are a warning: GlitchTip's trouble keeps no application from being started.
 */
export async function refuseUnstartable(context: BeforeUpContext, project: Workspace): Promise<void> {
  const located = await context.docker.located();
  const name = context.env.COMPOSE_PROJECT_NAME || composeProjectNameOf(project.dir, project.composeProjectName);
  const [engine, ports] = await Promise.all([checkEngine(located), portFindings(context, project, name, located)]);
  refuse("GC1602", "this engine cannot run the stack; nothing was started", failed(engine));
  const taken = failed(ports);
  if (taken.length === 0) return;
  if ((await located.engine.containers(name)).length === 0) {
    refuse("GC1603", "ports are taken; nothing was started", taken);
  }
  for (const { what, fix } of taken) context.log.warn(`${what}: ${fix}`);
}

async function portFindings(
  { machine, env }: BeforeUpContext,
  project: Workspace,
  name: string,
  located: LocatedEngine,
): Promise<Finding[]> {
  const variables = { ...project.env, ...env };
  const services: Record<string, { readonly ports: readonly ComposePort[] }> = {};
  for (const path of project.composeFiles) {
    const stated = statedPorts(path, readIfThere(join(project.dir, path)) ?? "", variables);
    for (const [service, { ports }] of Object.entries(stated))
      services[service] = { ports: [...(services[service]?.ports ?? []), ...ports] };
  }
  const here = /^(unix|npipe):/.test(located.address.host);
  const check = (ports: Taken["ports"]) => checkPorts({ name, services }, { ports, here }, machine);
  // Free on this machine: no container has them, so the engine need not be asked.
  const findings = here ? await check([]) : [];
  const isFree = here && findings.every(({ level }) => level === "ok");
  return isFree ? findings : await check(await located.engine.publishedPorts());
}

const failed = (findings: readonly Finding[]): Finding[] => findings.filter(({ level }) => level === "fail");

function refuse(code: ErrorCode, message: string, findings: readonly Finding[]): void {
  const [only] = findings;
  if (only === undefined) return;
  if (findings.length === 1) {
    throw new CodedError(code, `${only.what}; nothing was started`, only.fix === undefined ? {} : { remedy: only.fix });
  }
  const problems = findings.map(({ what, fix }) => (fix === undefined ? what : `${what}: ${fix}`));
  throw new CodedError(code, message, { problems, remedy: "Mend these, then run it again." });
}
