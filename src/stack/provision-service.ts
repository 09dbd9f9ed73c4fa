import { needsContainer } from "../config/app-sources.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import type { ComposeService, ProvisionerSource } from "./model.ts";
import type { OurService } from "./services.ts";
import type { ComposeTemplates } from "./templates.ts";

/** The one-shots that give the apps their DSN, whoever runs the server; none where every app has a DSN of its own. */
export function provisionServices(
  declaration: Declaration,
  templates: ComposeTemplates,
  source: ProvisionerSource,
  addresses: Readonly<Record<Audience, string>>,
  more: ComposeService & { readonly environment?: object },
): Record<string, OurService> {
  if (!needsContainer(declaration)) return {};
  const template = templates("glitchtip-provision");
  const own = {
    ...template,
    ...provisionerSource(template, source),
    ...more,
    environment: {
      ...(template.environment as object),
      GLITCHTIP_URL: addresses.container,
      GLITCHTIP_HOST_URL: addresses.host,
      GLITCHTIP_PUBLIC_URL: addresses.public,
      ...more.environment,
    },
  };
  return {
    "glitchtip-provision": { fromServer: false, own },
    ...(Object.values(declaration.apps).some(({ inject }) => inject === "busybox")
      ? { "glitchtip-busybox": { own: templates("glitchtip-busybox"), fromServer: false } }
      : {}),
  };
}

/** A secret from the environment is copied into the container, which Compose refuses for a read-only one. */
export const writable = (needed: boolean): ComposeService => (needed ? { read_only: false } : {});

function provisionerSource(template: ComposeService, source: ProvisionerSource): ComposeService {
  if (source.kind === "mount") return {};
  // Its own image has the bundle, the command, and folders that belong to its user.
  const volumes = (template.volumes as string[]).filter((volume) => !volume.includes("provisioner.mjs"));
  const own = { user: "1000:1000", entrypoint: undefined, command: undefined, volumes };
  return source.kind === "image"
    ? { ...own, image: source.image }
    : { ...own, image: "glitchtip-compose/provisioner", build: "./.glitchtip/provisioner" };
}
