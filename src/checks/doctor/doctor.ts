import { CodedError } from "../../base/errors.ts";
import type { ComposeConfig } from "../../compose/model.ts";
import type { Docker, LocatedEngine } from "../../docker/index.ts";
import type { RunningStack } from "../../running/index.ts";
import {
  type Assets,
  compareVaultSecrets,
  stackFileNames,
  type VaultSecret,
  type Workspace,
  workspaceIdentity,
} from "../../workspace/index.ts";
import { checkCompose, checkEngine, checkResources } from "./engine-checks.ts";
import { checkImageStarts, checkVaultSecrets, checkWorkspaceFiles } from "./file-checks.ts";
import { errorFindings, type Finding } from "./finding.ts";
import { checkPorts, withVariables } from "./port-checks.ts";
import { checkSecrets, madeSecretsOf } from "./secret-checks.ts";
import { checkContainers, checkDsns, checkNames, checkOwner, checkServing, checkStartedFiles } from "./stack-checks.ts";
import { checkFolder, checkObtainable } from "./up-checks.ts";

export type { Finding } from "./finding.ts";

/** What the checks ask the machine that the command runs on. */
export interface Machine {
  readonly kernel: string;
  nowMs(): number;
  /** Returns the free space of the path's disk, or undefined where it cannot be read. */
  freeBytes(path: string): Promise<number | undefined>;
  /** Returns whether a server could listen on this port. */
  portIsFree(port: number, hostIp: string): Promise<boolean>;
  resolves(hostname: string): Promise<boolean>;
}

export interface DoctorContext {
  readonly docker: Docker;
  readonly machine: Machine;
  readonly assets: Assets;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the workspace. Throws what is wrong with its files. */
  workspace(): Workspace;
  /** Reads from Vault what containers need of it. */
  vaultSecrets?(workspace: Workspace): Promise<VaultSecret[]>;
}

/** Executes all checks and returns all findings. Checks that need an engine are left out where there is none. */
export async function runDoctor(context: DoctorContext): Promise<Finding[]> {
  const { docker, machine } = context;
  const [located, compose] = await Promise.all([settled(() => docker.located()), checkCompose(docker)]);
  const workspace = await settled(async () => context.workspace());
  const config = workspace.value && (await settled(() => docker.compose.config()));
  const stack = await settled(() => observe(located.value, config?.value));
  const made = await settled(async () =>
    stack.value === undefined ? undefined : await madeSecretsOf(docker, stack.value.config),
  );
  const of = <T>(value: T | undefined, check: (value: T) => Finding[] | Promise<Finding[]>) =>
    value === undefined ? [] : check(value);

  const vault = await settled(async () => {
    const secrets = (workspace.value && (await context.vaultSecrets?.(workspace.value))) ?? [];
    return located.value === undefined || config?.value === undefined ? [] : await compareVaultSecrets(docker, secrets);
  });
  const findings = await Promise.all([
    located.value === undefined
      ? errorFindings("engine", located.error)
      : checkEngine(located.value, workspace.value?.declaration.engine),
    compose,
    of(located.value, (engine) => checkResources(docker, engine, stack.value, machine)),
    workspace.value === undefined
      ? errorFindings("declaration", workspace.error)
      : checkWorkspaceFiles(workspace.value, context.assets, context.env),
    of(workspace.value, (found) => checkSecrets(found, context.env, made.value)),
    of(located.value, () => of(workspace.value, (found) => checkImageStarts(docker, found))),
    // The check of Compose itself reports GC1602 and GC1606.
    of(config?.error, (error) =>
      error.code === "GC1602" || error.code === "GC1606" ? [] : errorFindings("compose files", error),
    ),
    of(located.value, ({ engine }) =>
      of(workspace.value, (found) => checkOwner(engine, workspaceIdentity(found, context.env))),
    ),
    of(located.value, (engine) => of(workspace.value, (found) => checkFolder(engine, found))),
    of(located.value, ({ engine }) => of(config?.value, (found) => checkObtainable(docker, engine, found))),
    of(config?.value, async (found) => {
      const services = withVariables(found.services, workspace.value?.user.services ?? {});
      return await checkPorts({ ...found, services }, await takenPorts(located.value), machine);
    }),
    of(config?.value, (found) =>
      of(workspace.value?.declaration, (declaration) => checkNames(declaration, found, stack.value, machine)),
    ),
    vault.error === undefined ? of(vault.value, checkVaultSecrets) : errorFindings("vault", vault.error),
    stack.error === undefined
      ? of(stack.value, (found) => checkContainers(found, workspace.value?.declaration))
      : errorFindings("containers", stack.error),
    of(stack.value, (found) =>
      of(workspace.value, (read) => checkStartedFiles(found, read.declaration, stackFileNames(read))),
    ),
    of(stack.value, checkDsns),
    of(stack.value, (found) =>
      of(workspace.value?.declaration, (declared) => checkServing(docker, declared, found, machine.nowMs())),
    ),
  ]);
  return findings.flat();
}

interface Settled<T> {
  readonly value?: T;
  readonly error?: CodedError;
}

/** Catches an expected error, so that it becomes a finding. Throws any other. */
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

async function takenPorts(located: LocatedEngine | undefined) {
  return {
    ports: await located?.engine.publishedPorts(),
    here: located === undefined || /^(unix|npipe):/.test(located.address.host),
  };
}
