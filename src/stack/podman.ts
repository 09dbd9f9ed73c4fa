import type { ComposeService } from "../compose/model.ts";
import { DATABASE_DIR } from "../config/secret-volumes.ts";
import type { AttachedStack } from "./model.ts";

/**
 * What differs for Podman, whose Docker API is 1.41: Compose refuses `start_interval` there, and Podman owners of a tmpfs. A
 * lost database password is then found by glitchtip-init.
 */
export const PODMAN_DIFFERENCES =
  "health checks without start_interval, tmpfs by mode only, glitchtip-setup without a look at the database";

/** As often as a health check looks, since it cannot look more often while the container starts. */
const INTERVAL = "2s";

/** Returns the stack without what Podman's Docker API lacks. */
export function forPodman<T extends AttachedStack>(stack: T): T {
  const services = Object.entries(stack.services).map(
    ([name, service]) => [name, { ...service, own: serviceForPodman(service.own) }] as const,
  );
  return { ...stack, everyService: serviceForPodman(stack.everyService), services: Object.fromEntries(services) };
}

function serviceForPodman(service: ComposeService): ComposeService {
  const { healthcheck, tmpfs, volumes } = service;
  return {
    ...service,
    ...(healthcheck && { healthcheck: healthCheckForPodman(healthcheck) }),
    ...(tmpfs && { tmpfs: tmpfs.map(withoutOwner) }),
    ...(volumes && { volumes: volumes.filter((volume) => !isLookAtDatabase(volume)) }),
  };
}

/**
 * Podman gives a fresh volume to the user of the first container that mounts it, and to no later one: after a look of the setup
 * service, which is root, Postgres could not write to its own (seen with 4.3.1).
 */
const isLookAtDatabase = (volume: NonNullable<ComposeService["volumes"]>[number]): boolean =>
  typeof volume !== "string" && volume.target === DATABASE_DIR;

function healthCheckForPodman({
  start_interval: _,
  ...check
}: NonNullable<ComposeService["healthcheck"]>): ComposeService["healthcheck"] {
  return { ...check, interval: INTERVAL };
}

/** Without an owner the mount is root's, so everybody in the container has to be able to write there. */
function withoutOwner(mount: string): string {
  const [path = "", options] = mount.split(":");
  if (options === undefined || !/\b[ug]id=/.test(options)) return mount;
  const kept = options.split(",").filter((option) => !/^[ug]id=|^mode=/.test(option));
  return `${path}:${["mode=1777", ...kept].join(",")}`;
}
