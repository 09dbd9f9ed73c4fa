import { CodedError } from "../base/errors.ts";
import type { ComposeConfig } from "../compose/model.ts";
import type { Docker } from "../docker/index.ts";
import { isStackService, PROVISIONER, PROVISIONER_PROGRAM } from "../stack/service-names.ts";
import { hasContainers, observeStack, type RunningStack } from "./observe.ts";

export interface AloneContext {
  readonly docker: Docker;
  say(line: string): void;
  warn(line: string): void;
}

/**
 * Starts the user's own services after an `up` in which the engine refused a container of ours (a taken port, an image
 * or a network that cannot be had): Compose then starts none of the services that wait for it. They get their last DSN.
 * Never throws an expected error, because the failure of `up` is the one to report.
 */
export async function startUsersServices({ docker, say, warn }: AloneContext): Promise<void> {
  try {
    const [stack, active] = await Promise.all([observeStack(docker), docker.compose.activeModel()]);
    const waiting = servicesKeptBack(stack, Object.keys(active.services));
    if (waiting.length === 0) return;
    const names = waiting.join(", ");
    say(`starting ${names} without GlitchTip`);
    if (PROVISIONER in active.services) {
      // An earlier version kept all DSNs in one volume. Where this fails, the app's own start says what it lacks.
      await docker.compose.run(PROVISIONER, [PROVISIONER_PROGRAM, "take-over"], { entrypoint: "node" });
    }
    const alone = { services: waiting, flags: ["--detach", "--no-deps"], onLine: say };
    await docker.compose.up(alone).catch(async (error: unknown) => {
      if (!(error instanceof CodedError) || error.code !== "GC1604") throw error;
      // Compose looks for every network of the files, also for one that only our services need.
      await docker.compose.up({ ...alone, model: withoutStack(active) });
    });
    warn(`GlitchTip could not be started; your services were started without it, with their last DSN: ${names}`);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === "GC1003") throw error;
    warn(
      `your services could not be started without GlitchTip either: ${[error.message, ...error.problems].join("; ")}`,
    );
  }
}

/** Returns the user's services that do not run, where a container of ours was never started. */
function servicesKeptBack({ config, containers }: RunningStack, active: readonly string[]): string[] {
  const statesOf = (name: string) => containers.filter(({ service }) => service === name).map(({ state }) => state);
  const isRefused = (name: string) => isStackService(name) && statesOf(name).every((state) => state === "created");
  const withContainers = active.filter((name) => hasContainers(config.services[name] ?? {}));
  if (!withContainers.some(isRefused)) return [];
  return withContainers.filter((name) => !isStackService(name) && !statesOf(name).includes("running"));
}

/** Returns the model without our services, and without the networks that only those need. */
function withoutStack(model: ComposeConfig): ComposeConfig {
  const services = Object.entries(model.services)
    .filter(([name]) => !isStackService(name))
    .map(
      ([name, { depends_on = {}, ...service }]) => [name, { ...service, depends_on: withoutOurs(depends_on) }] as const,
    );
  const used = new Set(services.flatMap(([, { networks }]) => Object.keys(networks ?? {})));
  const networks = Object.entries(model.networks ?? {}).filter(([key]) => used.has(key));
  return { ...model, services: Object.fromEntries(services), networks: Object.fromEntries(networks) };
}

const withoutOurs = <T>(byService: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(byService).filter(([name]) => !isStackService(name)));
