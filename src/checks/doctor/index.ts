import { CodedError } from "../../base/errors.ts";
import type { ComposeConfig, Docker, LocatedEngine } from "../../docker/index.ts";
import type { RunningStack } from "../../running/index.ts";
import type { Assets, VaultCopy, Workspace } from "../../workspace/index.ts";
import { checkCompose, checkEngine, checkResources } from "./engine-checks.ts";
import { checkFiles } from "./file-checks.ts";
import { type Finding, failure } from "./finding.ts";
import { checkPorts } from "./port-checks.ts";
import { checkServing } from "./production-checks.ts";
import { checkContainers, checkDsns, checkNames } from "./stack-checks.ts";
import { checkVaultCopies } from "./vault-checks.ts";

export type { Finding } from "./finding.ts";

/** This machine, as far as the checks ask it. */
export interface Machine {
  readonly kernel: string;
  nowMs(): number;
  /** Free space where this path is; undefined where it cannot be told. */
  freeBytes(path: string): Promise<number | undefined>;
  /** Whether a server could listen there. */
  portIsFree(port: number, hostIp: string): Promise<boolean>;
  resolves(hostname: string): Promise<boolean>;
}

export interface DoctorContext {
  readonly docker: Docker;
  readonly machine: Machine;
  readonly assets: Assets;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws what is wrong with the project's files. */
  project(): Workspace;
  /** Asks Vault for what the containers' copies are compared with. */
  vaultCopies?(project: Workspace): Promise<VaultCopy[]>;
}

/** Looks at everything, and says everything at once; what cannot be looked at without an engine is left out. */
export async function doctor(context: DoctorContext): Promise<Finding[]> {
  const { docker, machine } = context;
  const [located, compose] = await Promise.all([settled(() => docker.located()), checkCompose(docker)]);
  const project = await settled(async () => context.project());
  const config = project.value && (await settled(() => docker.compose.config()));
  const stack = await settled(() => observe(located.value, config?.value));
  const of = <T>(value: T | undefined, check: (value: T) => Finding[] | Promise<Finding[]>) =>
    value === undefined ? [] : check(value);

  const copies = await settled(async () => project.value && (await context.vaultCopies?.(project.value)));
  const findings = await Promise.all([
    located.value === undefined ? failure("engine", located.error) : checkEngine(located.value),
    compose,
    of(located.value, (engine) => checkResources(docker, engine, stack.value, machine)),
    project.value === undefined
      ? failure("declaration", project.error)
      : checkFiles(project.value, context.assets, context.env),
    // GC1602, GC1606: said by the check of Compose itself.
    of(config?.error, (error) =>
      error.code === "GC1602" || error.code === "GC1606" ? [] : failure("compose files", error),
    ),
    of(config?.value, async (found) => checkPorts(found, await taken(located.value), machine)),
    of(config?.value, (found) =>
      of(project.value?.declaration, (declaration) => checkNames(declaration, found, stack.value, machine)),
    ),
    copies.error === undefined ? of(copies.value, checkVaultCopies) : failure("vault", copies.error),
    stack.error === undefined ? of(stack.value, checkContainers) : failure("containers", stack.error),
    of(stack.value, checkDsns),
    of(stack.value, (found) =>
      of(project.value?.declaration, (declared) => checkServing(docker, declared, found, machine.nowMs())),
    ),
  ]);
  return findings.flat();
}

interface Settled<T> {
  readonly value?: T;
  readonly error?: CodedError;
}

/** An expected failure is what we are here to report; anything else is thrown. */
async function settled<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof CodedError && error.code !== "GC1003") return { error };
    throw error;
  }
}

async function observe(
  located: LocatedEngine | undefined,
  config: ComposeConfig | undefined,
): Promise<RunningStack | undefined> {
  if (located === undefined || config === undefined) return undefined;
  const containers = await located.engine.containers(config.name);
  return { engine: located.engine, config, containers: containers.filter(({ oneOff }) => !oneOff) };
}

async function taken(located: LocatedEngine | undefined) {
  return {
    ports: await located?.engine.publishedPorts(),
    here: located === undefined || /^(unix|npipe):/.test(located.address.host),
  };
}
