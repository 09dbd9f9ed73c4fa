import { join } from "node:path";
import { CodedError, type ErrorCode } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import type { ComposePort } from "../../compose/model.ts";
import { DSN_VOLUME } from "../../config/dsn-volumes.ts";
import type { Docker, LocatedEngine } from "../../docker/index.ts";
import { isStackService } from "../../stack/service-names.ts";
import { traefikNetwork } from "../../stack/traefik-network.ts";
import { composeProjectNameOf, type Workspace } from "../../workspace/index.ts";
import type { Machine } from "./doctor.ts";
import { checkEngine } from "./engine-checks.ts";
import { type Finding, fail } from "./finding.ts";
import { checkPorts, statedPorts, type TakenPorts, withVariables } from "./port-checks.ts";
import { checkFolder } from "./up-checks.ts";

export interface BeforeUpContext {
  readonly docker: Docker;
  readonly machine: Pick<Machine, "portIsFree">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Pick<Log, "warn">;
}

/**
 * Executes the cheap ones of doctor's checks that tell why `up` would fail: an engine without a needed feature, a port
 * that is taken, a network of a proxy or server elsewhere that is not there. Throws before anything is started. Where apps
 * may have a DSN already, ports and networks are only warnings, because trouble of GlitchTip does not keep an app from being
 * started; the warnings about ports are returned, too.
 */
export async function refuseUnstartable(context: BeforeUpContext, workspace: Workspace): Promise<Finding[]> {
  const located = await context.docker.located();
  const name = context.env.COMPOSE_PROJECT_NAME || composeProjectNameOf(workspace.dir, workspace.composeProjectName);
  const [engine, folder, ports, networks] = await Promise.all([
    checkEngine(located, workspace.declaration.engine),
    checkFolder(located, workspace),
    portFindings(context, workspace, name, located),
    networkFindings(workspace, located),
  ]);
  refuse("GC1602", "this engine cannot run the stack; nothing was started", failed([...engine, ...folder]));
  const taken = failed(ports);
  if (taken.length + networks.length === 0) return [];
  if (await isNew(located, name)) {
    refuse("GC1603", "ports are taken; nothing was started", taken);
    refuse("GC1604", "networks do not exist; nothing was started", networks);
  }
  for (const { what, fix } of [...taken, ...networks]) context.log.warn(`${what}: ${fix}`);
  return taken;
}

/** Looks for the networks that the declaration names, which somebody else makes. */
async function networkFindings({ declaration, user }: Workspace, { engine }: LocatedEngine): Promise<Finding[]> {
  const { production, server } = declaration;
  const traefik = production?.proxy === "traefik" ? traefikNetwork(production.network, user) : undefined;
  const wanted = {
    "production.network": traefik?.external ? traefik.name : undefined,
    "server.network": server.network,
  };
  const found = Object.entries(wanted).map(async ([key, name]): Promise<Finding[]> => {
    if (name === undefined || (await engine.hasNetwork(name))) return [];
    const fix = `docker network create ${name}, or start what creates it; or write another name, then: npx glitchtip-compose init`;
    return [fail("networks", `the network ${name} (${key}) does not exist`, fix)];
  });
  return (await Promise.all(found)).flat();
}

/** Whether the project has never been started: it has no container, and no volume with DSNs from before a `down`. */
const isNew = async ({ engine }: LocatedEngine, name: string): Promise<boolean> =>
  (await engine.containers(name)).length === 0 && !(await engine.hasVolume(`${name}_${DSN_VOLUME}`));

/** Returns the error of an `up` that failed: the ports that were taken before it, where those are the reason. */
export function upFailure(error: unknown, taken: readonly Finding[]): unknown {
  if (!(error instanceof CodedError) || error.code !== "GC1604" || taken.length === 0) return error;
  const [only] = taken;
  const message = taken.length === 1 && only !== undefined ? only.what : "ports are taken";
  const remedy = taken.length === 1 ? (only?.fix ?? "") : "Correct these points, then run the command again.";
  const problems = taken.length === 1 ? [] : taken.map(({ what, fix }) => `${what}: ${fix}`);
  return new CodedError("GC1603", message, { problems: [...problems, ...error.problems], remedy, cause: error });
}

async function portFindings(
  { machine, env }: BeforeUpContext,
  workspace: Workspace,
  name: string,
  located: LocatedEngine,
): Promise<Finding[]> {
  const variables = { ...workspace.env, ...env };
  const services: Record<string, { readonly ports: readonly ComposePort[] }> = {};
  for (const path of workspace.composeFiles) {
    const stated = statedPorts(path, readIfThere(join(workspace.dir, path)) ?? "", variables);
    for (const [service, { ports }] of Object.entries(stated))
      services[service] = { ports: [...(services[service]?.ports ?? []), ...ports] };
  }
  // What `extends` and `include` bring stands in other files.
  for (const [service, { ports = [], profiles = [] }] of Object.entries(workspace.user.services)) {
    if (!isStackService(service) && profiles.length === 0) {
      services[service] = withVariables({ [service]: { ports } }, services)[service] ?? { ports };
    }
  }
  const here = /^(unix|npipe):/.test(located.address.host);
  const check = (ports: TakenPorts["ports"]) => checkPorts({ name, services }, { ports, here }, machine);
  // Ports that are free on this machine are not published by a container, so the engine need not be asked.
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
  throw new CodedError(code, message, { problems, remedy: "Correct these points, then run the command again." });
}
