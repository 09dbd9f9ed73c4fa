import type { ComposeService, Dependency } from "../compose/model.ts";
import { needsContainer, provisionedApps } from "../config/app-sources.ts";
import { DSN_DIR, dsnFolder, dsnVolume } from "../config/dsn-volumes.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import { handedMark, parseStackReference } from "../config/secrets.ts";
import { fingerprint } from "./managed-files.ts";
import type { ProvisionerSource, SecretSource, StackService, StackTexts } from "./model.ts";
import { BUSYBOX, PROVISIONER, READY } from "./service-names.ts";
import type { ComposeTemplates } from "./templates.ts";

const COMPLETED: Dependency = { condition: "service_completed_successfully", required: false };

/** Returns the one-shots that give the apps their DSNs; none where every app has an external DSN. */
export function provisionServices(
  declaration: Declaration,
  templates: ComposeTemplates,
  source: ProvisionerSource,
  addresses: Readonly<Record<Audience, string>>,
  more: ComposeService,
): Record<string, StackService> {
  if (!needsContainer(declaration)) return {};
  const template = templates(PROVISIONER);
  const sourced: ComposeService = { ...template, ...provisionerSource(template, source) };
  const own: ComposeService = {
    ...sourced,
    ...more,
    volumes: [...(sourced.volumes ?? []), ...dsnMounts(declaration), ...(more.volumes ?? [])],
    environment: {
      ...template.environment,
      GLITCHTIP_URL: addresses.container,
      GLITCHTIP_HOST_URL: addresses.host,
      GLITCHTIP_PUBLIC_URL: addresses.public,
      ...more.environment,
    },
  };
  const needsBusybox = Object.values(declaration.apps).some(({ inject }) => inject === "busybox");
  const { depends_on, ...ready } = templates(READY);
  return {
    [PROVISIONER]: { own, fromServer: false },
    ...(needsBusybox ? { [BUSYBOX]: { own: templates(BUSYBOX), fromServer: false } } : {}),
    [READY]: {
      own: {
        image: own.image,
        ...ready,
        depends_on: { ...depends_on, ...(needsBusybox ? { [BUSYBOX]: COMPLETED } : {}) },
      },
      fromServer: false,
    },
  };
}

/** Returns the mounts of the volumes with the DSNs of all apps. */
export const dsnMounts = (declaration: Pick<Declaration, "apps">): string[] =>
  Object.keys(provisionedApps(declaration)).map((app) => `${dsnVolume(app)}:${dsnFolder(DSN_DIR, app)}`);

/**
 * Returns where the provisioner comes from, for mount, build or image:NAME. The tag of a built image changes with its content:
 * Compose builds only what is missing, and an earlier version would write the DSNs where no app reads them.
 */
export function parseProvisionerSource(
  text: string | undefined,
  { provisioner, provisionerDockerfile }: Pick<StackTexts, "provisioner" | "provisionerDockerfile">,
): ProvisionerSource {
  if (text?.startsWith("image:")) return { kind: "image", image: text.slice("image:".length) };
  if (text !== "build") return { kind: "mount" };
  const tag = fingerprint(provisioner, provisionerDockerfile()).slice(0, 12);
  return { kind: "build", image: `glitchtip-compose/provisioner:${tag}` };
}

function provisionerSource(template: ComposeService, source: ProvisionerSource): ComposeService {
  if (source.kind === "mount") return {};
  // Its image has the bundle, the command, and folders that belong to its user.
  const volumes = template.volumes?.filter(
    (volume) => typeof volume !== "string" || !volume.includes("provisioner.mjs"),
  );
  const own: ComposeService = { user: "1000:1000", entrypoint: undefined, command: undefined, volumes };
  return { ...own, image: source.image, ...(source.kind === "build" && { build: "./.glitchtip/provisioner" }) };
}

export const isFromEnvironment = (reference: string | undefined): boolean => reference?.startsWith("env:") === true;

/** Returns where the secret of a reference comes from; its value never stands in the file. */
export function secretBy(text: string): SecretSource {
  const reference = parseStackReference(text);
  if (reference.kind === "vault") return { handed: handedMark(text) ?? "" };
  return reference.kind === "file" ? { file: reference.path } : { environment: reference.name };
}
