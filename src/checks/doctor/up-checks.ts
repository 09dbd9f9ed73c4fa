import { join } from "node:path";
import { readIfThere } from "../../base/files.ts";
import type { ComposeConfig } from "../../compose/model.ts";
import { type Docker, type Engine, type LocatedEngine, lastLines } from "../../docker/index.ts";
import type { Workspace } from "../../workspace/index.ts";
import { type Finding, fail } from "./finding.ts";

/** A registry that says nothing for so long is one from which no image comes. */
const REGISTRY_WITHIN_MS = 15_000;
/** A line of a Compose file that mounts something of ours; Compose itself reads the env files. */
const MOUNTS_OURS = /\.\/\.glitchtip\/(?!env\/)/;

/** Checks that the engine's machine has the workspace, whose files our containers mount. */
export async function checkFolder(
  { engine, address }: LocatedEngine,
  { dir, stackFile }: Workspace,
): Promise<Finding[]> {
  const text = readIfThere(join(dir, stackFile));
  if (text === undefined || !MOUNTS_OURS.test(text)) return [];
  if (await engine.seesPath(join(dir, ".glitchtip"))) return [];
  return [
    fail(
      "folder",
      `the engine at ${address.host} does not see the folder ${dir}, from which containers mount files`,
      "Put the project into a folder that the engine's machine has under the same path (Docker Desktop: Settings, Resources, File sharing; inside a container: mount the folder at the same path), or use the engine of this machine: docker context use default",
    ),
  ];
}

/** Finds what `up` needs and cannot have: images that no registry gives, and networks and volumes that must be there already. */
export async function checkObtainable(docker: Docker, engine: Engine, config: ComposeConfig): Promise<Finding[]> {
  const [images, outside] = await Promise.all([imageFindings(docker, engine, config), outsideFindings(engine, config)]);
  return [...images, ...outside];
}

async function imageFindings(docker: Docker, engine: Engine, { services }: ComposeConfig): Promise<Finding[]> {
  const users = new Map<string, string[]>();
  for (const [name, { image, build, provider, profiles = [] }] of Object.entries(services)) {
    const isOptional = profiles.length > 0 || build !== undefined || provider !== undefined;
    if (image !== undefined && !isOptional) users.set(image, [...(users.get(image) ?? []), name]);
  }
  const findings = await Promise.all(
    [...users].map(async ([image, names]): Promise<Finding[]> => {
      if ((await engine.imageStart(image)) !== undefined) return [];
      const { code, stderr } = await docker.cli(["manifest", "inspect", image], { deadlineMs: REGISTRY_WITHIN_MS });
      if (code === 0) return [];
      const why = lastLines(stderr, 1)[0] ?? `exit ${code}`;
      const what = `the image ${image} of ${names.join(", ")} is not on this engine and cannot be pulled: ${why}`;
      return [
        fail("images", what, `Correct its name, or sign in (docker login); then: docker compose pull ${names[0]}`),
      ];
    }),
  );
  return findings.flat();
}

async function outsideFindings(engine: Engine, { services, networks = {}, volumes = {} }: ComposeConfig) {
  const missingNetworks = Object.entries(networks).map(async ([key, network]): Promise<Finding[]> => {
    const name = network?.name ?? key;
    if (network?.external !== true || (await engine.hasNetwork(name))) return [];
    const users = Object.keys(services).filter((service) => key in (services[service]?.networks ?? {}));
    const what = `the network ${name}, which ${users.join(", ") || "no service"} needs, does not exist`;
    return [fail("networks", what, `docker network create ${name}, or start what creates it; or correct its name`)];
  });
  const missingVolumes = Object.values(volumes).map(async ({ name, external }): Promise<Finding[]> => {
    if (external !== true || (await engine.hasVolume(name))) return [];
    return [fail("volumes", `the volume ${name} does not exist`, `docker volume create ${name}, or correct its name`)];
  });
  return (await Promise.all([...missingNetworks, ...missingVolumes])).flat();
}
