import type { ComposeConfig, ResolvedService } from "../../compose/model.ts";
import { baseImage, isSingleContainer } from "../../running/index.ts";
import { DATABASE, isStackNetwork, ONE_SHOTS, PROXY, SERVER, SETUP } from "../../stack/service-names.ts";
import { failed, filesNotRead, forEachService, type HardeningPoint, type ProductionFacts, passed } from "./point.ts";

const OWN_FILE = "Remove what overrides this setting from your own Compose files, then: docker compose up -d --wait";

/** One-shots need no limit of cores: they end soon. */
const isLasting = (name: string): boolean => !ONE_SHOTS.includes(name);

const published = ({ ports = [] }: ResolvedService): string[] =>
  ports.flatMap(({ host_ip: ip = "0.0.0.0", published: port = "?" }) => (/^(127\.|::1$)/.test(ip) ? [] : [port]));

/** Points about what Compose makes of all files together, the stack's and the user's. */
export const COMPOSE_POINTS: readonly HardeningPoint[] = [
  {
    id: "memory",
    what: "none of our containers can take the host's memory",
    how: "each has a memory limit",
    check: (seen) =>
      forEachService(
        seen,
        ({ mem_limit, deploy }) =>
          (mem_limit ?? deploy?.resources?.limits?.memory) ? undefined : "has no memory limit",
        "limited",
        OWN_FILE,
      ),
  },
  {
    id: "cpus",
    what: "none of our containers can take all cores for long",
    how: "each that keeps running has a limit of cores",
    check: (seen) =>
      forEachService(
        seen,
        ({ cpus }, name) => (cpus || !isLasting(name) ? undefined : "has no limit of cores"),
        "limited",
        "Declare production, or limits in glitchtip.yaml, then: npx glitchtip-compose init, docker compose up -d --wait",
      ),
  },
  {
    id: "logs",
    what: "logs do not fill the disk",
    how: "each container's log has a maximum size, or goes to a driver that keeps nothing here",
    check: (seen) =>
      forEachService(
        seen,
        ({ logging }) => {
          const local = ["json-file", "local", undefined].includes(logging?.driver);
          return !local || logging?.options?.["max-size"] ? undefined : "has a log without limit";
        },
        "rotated",
        OWN_FILE,
      ),
  },
  {
    id: "restart",
    what: "the stack comes back after a crash and after the host's restart",
    how: "each container that keeps running has a restart policy",
    check: (seen) =>
      forEachService(
        seen,
        ({ restart }, name) =>
          ["unless-stopped", "always"].includes(restart ?? "") || !isLasting(name)
            ? undefined
            : "has no restart policy",
        "by policy",
        OWN_FILE,
      ),
  },
  {
    id: "privileges",
    what: "a compromised container has no extra privileges",
    how: "no capabilities but the proxy's one, the backup's two and the setup's one to read referenced files, no-new-privileges, read-only files",
    check: (seen) => forEachService(seen, privilegesIn(seen), "none", OWN_FILE),
  },
  {
    id: "images",
    what: "images are pinned, so a later start runs the tested versions",
    how: "each image is pinned by its digest",
    check: (seen) =>
      forEachService(
        seen,
        (service) => {
          const image = baseImage(service) ?? "";
          return /@sha256:[0-9a-f]{64}$/.test(image) ? undefined : `runs ${image || "a build"}`;
        },
        "pinned",
        "docker compose pull, npx glitchtip-compose lock, docker compose up -d --wait",
      ),
  },
  {
    id: "ports",
    what: "only the proxy is reachable from outside",
    how: "no other container of ours publishes a port, except on loopback for a proxy of the host",
    check: (seen) =>
      forEachService(
        seen,
        (service, name) => {
          const open = name === PROXY ? [] : published(service);
          return open.length === 0 ? undefined : `publishes ${open.join(", ")} to the world`;
        },
        seen.config !== undefined && PROXY in seen.config.services ? "only the proxy" : "loopback only",
        OWN_FILE,
      ),
  },
  {
    id: "database-network",
    what: "only GlitchTip reaches the database, and the database reaches nothing",
    how: "its network is internal, and it has no port",
    check({ config, workspace }) {
      if (config === undefined) return filesNotRead;
      if (isSingleContainer(config.services)) return passed("it listens on its container's own loopback");
      const database = config.services[DATABASE];
      if (workspace.declaration.server.database !== "bundled" || database === undefined)
        return passed("it is not ours");
      const open = Object.keys(database.networks ?? {}).filter((name) => config.networks?.[name]?.internal !== true);
      if (open.length > 0)
        return failed(`the database is also in ${open.join(", ")}, which reaches the outside`, OWN_FILE);
      return (database.ports ?? []).length === 0
        ? passed("internal")
        : failed("the database publishes a port", OWN_FILE);
    },
  },
  {
    id: "app-networks",
    what: "GlitchTip opens no new network path for an app",
    how: "apps meet GlitchTip on internal networks alone, and only apps that share a network of their own share one of these",
    check({ config, workspace }) {
      if (config === undefined) return filesNotRead;
      if (!(SERVER in config.services)) return passed("the server is not in this stack");
      const problems = appNetworkProblems(Object.keys(workspace.declaration.apps), config);
      return problems.length === 0 ? passed("internal") : failed(problems.join("; "), OWN_FILE);
    },
  },
];

function appNetworkProblems(apps: readonly string[], { services, networks = {} }: ComposeConfig): string[] {
  // GlitchTip joins a network of the user's for a proxy there. The apps in it were in it before.
  const server = Object.keys(services[SERVER]?.networks ?? {}).filter(isStackNetwork);
  const networksOf = (app: string) => Object.keys(services[app]?.networks ?? {});
  return server.flatMap((network) => {
    const members = apps.filter((app) => networksOf(app).includes(network));
    const [first] = members;
    if (first === undefined) return [];
    if (networks[network]?.internal !== true)
      return [`${members.join(", ")}: GlitchTip's network ${network} reaches the outside`];
    const strangers = members.flatMap((one, i) =>
      members
        .slice(i + 1)
        .filter((other) => !networksOf(one).some((own) => !server.includes(own) && networksOf(other).includes(own)))
        .map((other) => `${one} and ${other} reach each other only through GlitchTip's network ${network}`),
    );
    return strangers;
  });
}

/**
 * Capabilities that services need: to listen below port 1024, to read and give away files of other users, and to read a
 * referenced file that only its owner may read.
 */
const NEEDED_CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  [PROXY]: ["NET_BIND_SERVICE"],
  "glitchtip-backup": ["CHOWN", "DAC_OVERRIDE"],
  [SETUP]: ["DAC_READ_SEARCH"],
};

const privilegesIn =
  ({ config }: ProductionFacts) =>
  (service: ResolvedService, name: string): string | undefined => {
    const { secrets = [] } = service;
    // Compose copies a secret from the environment into the container, which it refuses for a read-only one.
    const isCopied = secrets.some(({ source }) => config?.secrets?.[source]?.environment !== undefined);
    return privileges(service, name, isCopied);
  };

function privileges(service: ResolvedService, name: string, mayWrite: boolean): string | undefined {
  const { cap_drop = [], cap_add = [], security_opt = [], read_only, privileged } = service;
  const added = cap_add.filter((capability) => !NEEDED_CAPABILITIES[name]?.includes(capability));
  const writable = !read_only && !mayWrite;
  const problems = [
    privileged ? "is privileged" : "",
    cap_drop.includes("ALL") ? "" : "keeps capabilities",
    added.length > 0 ? `adds ${added.join(", ")}` : "",
    security_opt.some((one) => /^no-new-privileges(:true)?$/.test(one)) ? "" : "may gain privileges",
    writable ? "can write to its own files" : "",
  ].filter(Boolean);
  return problems.length === 0 ? undefined : problems.join(" and ");
}
