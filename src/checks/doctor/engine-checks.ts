import { CodedError } from "../../base/errors.ts";
import type { ComposeConfig } from "../../compose/model.ts";
import type { Declaration } from "../../config/schema.ts";
import { type Docker, type LocatedEngine, missingInCompose, missingInEngine } from "../../docker/index.ts";
import { databaseContainerOf, type RunningStack } from "../../running/index.ts";
import { PODMAN_DIFFERENCES } from "../../stack/podman.ts";
import { DATABASE, isStackService, ONE_SHOTS } from "../../stack/service-names.ts";
import { memoryLimitOf } from "../resources.ts";
import type { Machine } from "./doctor.ts";
import { errorFindings, type Finding, fail, ok, warn } from "./finding.ts";

const GIB = 1024 ** 3;
const STACK_NEEDS_BYTES = 2 * GIB;
const DISK_LOW_BYTES = 2 * GIB;
/** Beyond this difference events are dated wrongly, and tokens may not be valid yet. */
const CLOCK_OFF_MS = 10_000;

/** Checks whether the engine has what the stack needs, which is less where it was rendered for Podman. */
export async function checkEngine(
  { engine, address }: LocatedEngine,
  declared: Declaration["engine"],
): Promise<Finding[]> {
  const { product, version, apiVersion } = await engine.version();
  const missing = missingInEngine(apiVersion);
  const what = `${product} ${version} at ${address.host} (by ${address.via})`;
  if (declared === "podman") return [ok("engine", `${what}; the stack is rendered for Podman: ${PODMAN_DIFFERENCES}`)];
  const fix = /podman/i.test(product)
    ? "Write `engine: podman` into glitchtip.yaml, then: npx glitchtip-compose init"
    : "Install Docker Engine 25 or newer.";
  return missing.length === 0
    ? [ok("engine", what)]
    : missing.map((one) => fail("engine", `${what} lacks ${one}`, fix));
}

export async function checkCompose(docker: Docker): Promise<Finding[]> {
  try {
    const version = await docker.compose.version();
    const missing = missingInCompose(version);
    if (missing.length === 0) return [ok("compose", `Compose ${version}`)];
    return missing.map((one) => fail("compose", `Compose ${version} lacks ${one}`, "Install Compose 2.20.2 or newer."));
  } catch (error) {
    if (error instanceof CodedError && error.code === "GC1604") {
      return [fail("compose", "docker compose does not print its version", "Install Compose 2.20.2 or newer.")];
    }
    return errorFindings("compose", error);
  }
}

/** Checks memory, disk and clock of the engine, which may be on another machine. */
export async function checkResources(
  docker: Docker,
  located: LocatedEngine,
  stack: RunningStack | undefined,
  machine: Machine,
): Promise<Finding[]> {
  const before = machine.nowMs();
  const info = await located.engine.info();
  const offMs = Math.round(info.nowMs - (before + machine.nowMs()) / 2);
  return [
    memory(info.memoryBytes, stack?.config),
    disk(await freeBytes(docker, located, info, stack, machine)),
    Math.abs(offMs) <= CLOCK_OFF_MS
      ? ok("clock", "the engine's clock and this machine's agree")
      : warn(
          "clock",
          `the engine's clock is ${Math.round(Math.abs(offMs) / 1_000)} s ${offMs > 0 ? "ahead of" : "behind"} this machine's`,
          "Synchronise both clocks (timedatectl set-ntp true; restart Docker Desktop after sleep).",
        ),
  ];
}

function memory(bytes: number, config: ComposeConfig | undefined): Finding {
  const limits = Object.entries(config?.services ?? {})
    .filter(([name]) => isStackService(name) && !ONE_SHOTS.includes(name))
    .reduce((sum, [, service]) => sum + memoryLimitOf(service), 0);
  const needed = Math.max(limits, STACK_NEEDS_BYTES);
  const what = `the engine has ${gib(bytes)} of memory`;
  if (bytes >= needed) return ok("memory", what);
  return warn(
    "memory",
    `${what}; GlitchTip's services may take up to ${gib(needed)}`,
    "Give the engine more memory (Docker Desktop: Settings, Resources), or stop other containers.",
  );
}

function disk(freeBytes: number | undefined): Finding {
  if (freeBytes === undefined) return ok("disk", "free space is not known before the stack runs");
  const what = `${gib(freeBytes)} free where the engine keeps its data`;
  if (freeBytes >= DISK_LOW_BYTES) return ok("disk", what);
  return warn("disk", what, "Free some space: docker system df shows what takes it.");
}

/**
 * Reads the free space inside the database's container, whose volume grows. Before it runs, reads the engine's folder
 * where the engine is on this machine.
 */
async function freeBytes(
  docker: Docker,
  { address }: LocatedEngine,
  info: { readonly rootDir: string; readonly kernel: string },
  stack: RunningStack | undefined,
  machine: Machine,
): Promise<number | undefined> {
  const database = stack && databaseContainerOf(stack);
  if (database?.state === "running") {
    const folder = database.service === DATABASE ? "/var/lib/postgresql" : "/data";
    const { code, stdout } = await docker.cli(["exec", database.id, "df", "-Pk", folder], {
      deadlineMs: 10_000,
    });
    const kib = Number(stdout.trim().split("\n").at(-1)?.split(/\s+/)[3]);
    if (code === 0 && Number.isFinite(kib)) return kib * 1024;
  }
  const here = address.host.startsWith("unix:") && info.kernel === machine.kernel;
  return here ? await machine.freeBytes(info.rootDir) : undefined;
}

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
