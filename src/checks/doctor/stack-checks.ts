import { variablesOf } from "../../config/framework-presets.ts";
import type { Declaration } from "../../config/schema.ts";
import type { ComposeConfig } from "../../docker/index.ts";
import {
  appsStartedBeforeDsn,
  containerOf,
  containerProblem,
  provisionerStatus,
  type RunningStack,
  STARTED_BEFORE_DSN,
} from "../../running/index.ts";
import { SERVER } from "../../stack/service-names.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import type { Machine } from "./index.ts";

/** Whether the names in the DSNs mean something where they are used. */
export async function checkNames(
  declaration: Declaration,
  config: ComposeConfig,
  stack: RunningStack | undefined,
  machine: Machine,
): Promise<Finding[]> {
  const apps = Object.entries(declaration.apps).flatMap(([app, declared]) =>
    variablesOf(declared).some(({ audience }) => audience === "container") ? checkApp(app, config, stack) : [],
  );
  return [...apps, ...(await checkUrl(declaration.server.url, machine))];
}

function checkApp(app: string, config: ComposeConfig, stack: RunningStack | undefined): Finding[] {
  const service = config.services[app];
  // Without a server of this stack there is no name of ours to know.
  if (service === undefined || service.network_mode === "host" || !(SERVER in config.services)) return [];
  const networks = Object.keys(service.networks ?? {});
  const common = networks.filter((name) => name in (config.services[SERVER]?.networks ?? {}));
  if (common.length === 0) {
    const fix = `npx glitchtip-compose init; no file after compose.glitchtip.yaml may take networks from ${app}.`;
    return [fail("names", `${app} does not know the name ${SERVER}: they share no network`, fix)];
  }
  const [container, server] = stack === undefined ? [] : [containerOf(stack, app), containerOf(stack, SERVER)];
  const apart =
    container?.state === "running" &&
    server?.state === "running" &&
    !container.networkIds.some((id) => server.networkIds.includes(id));
  if (apart) {
    return [
      fail(
        "names",
        `the running ${app} shares no network with ${SERVER}: it is older than the files`,
        `docker compose up -d --wait ${app}`,
      ),
    ];
  }
  return [ok("names", `${app} reaches ${SERVER} by network ${common.join(", ")}`)];
}

async function checkUrl(url: string | undefined, machine: Machine): Promise<Finding[]> {
  if (url === undefined) return [];
  const { hostname } = new URL(url);
  if (await machine.resolves(hostname.replace(/^\[|\]$/g, ""))) return [ok("names", `${hostname} resolves`)];
  return [
    warn(
      "names",
      `${hostname} (server.url) does not resolve on this machine`,
      "Add it to your DNS, or correct server.url.",
    ),
  ];
}

/** Containers that are there and do not do their part; those killed for lack of memory while they "run" as well. */
export function checkContainers(stack: RunningStack): Finding[] {
  if (stack.containers.length === 0) return [ok("containers", "the project is not started")];
  const broken = stack.containers.flatMap((container) => {
    const problem = containerProblem(container);
    if (problem === undefined) return [];
    const { service, name, oomKilled } = container;
    const fix = oomKilled
      ? `Raise mem_limit of ${service} in a Compose file of your own, then: docker compose up -d --wait`
      : `docker compose logs --tail 50 ${service}`;
    return [fail("containers", `${name} ${problem}`, fix)];
  });
  return broken.length > 0 ? broken : [ok("containers", `${stack.containers.length} containers do their part`)];
}

/** What only the provisioner's own file tells: DSNs that running apps do not have, a rotation that nobody has ended. */
export async function checkDsns(stack: RunningStack): Promise<Finding[]> {
  const written = await provisionerStatus(stack);
  return [
    ...appsStartedBeforeDsn(stack, written).map((app) =>
      warn("dsn", `${app} ${STARTED_BEFORE_DSN}`, `docker compose restart ${app}`),
    ),
    ...(written?.rotating ?? []).map((project) =>
      warn(
        "rotation",
        `the key of ${project} is being exchanged, and nobody has ended it`,
        "npx glitchtip-compose rotate goes on, rotate --abort goes back",
      ),
    ),
  ];
}
