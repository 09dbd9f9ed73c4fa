import * as z from "zod/mini";
import { GENERATIONS } from "../glitchtip/versions.ts";
import { PRESET_NAMES } from "./app-variables.ts";
import { AUDIENCES } from "./audience.ts";
import { provisionedApps } from "./given-dsn.ts";

/**
 * What the provisioner needs of the declaration, with a schema of its own: the declaration's would make its bundle
 * larger and its start slower with each key that is not for it. The values were checked before they were written.
 */
const provisionDeclaration = z.strictObject({
  admin: z.optional(z.strictObject({ email: z.string() })),
  organization: z.optional(z.string()),
  projects: z.record(
    z.string(),
    z.strictObject({
      name: z.optional(z.string()),
      team: z.optional(z.string()),
      platform: z.optional(z.string()),
    }),
  ),
  apps: z.record(
    z.string(),
    z.strictObject({
      project: z.string(),
      audience: z.enum(AUDIENCES),
      preset: z.optional(z.enum(PRESET_NAMES)),
      variables: z.optional(z.union([z.array(z.string()), z.record(z.string(), z.enum(AUDIENCES))])),
    }),
  ),
});

type Read = z.infer<typeof provisionDeclaration>;

/** A whole declaration is one, too. */
export interface ProvisionDeclaration extends Omit<Read, "apps"> {
  readonly apps: Readonly<
    Record<
      string,
      Omit<Read["apps"][string], "project"> & { readonly project?: string | undefined; readonly dsn?: unknown }
    >
  >;
}

/** `.glitchtip/provision.json`: what the generator hands to the provisioner. Addresses come by environment. */
export const provisionInputSchema = z.strictObject({
  version: z.literal(1),
  /** The version of glitchtip-compose that wrote it. */
  tool: z.string(),
  /** Of glitchtip.yaml at that time: another one now means that `init` has to run again. */
  declarationSha256: z.string(),
  /** Where it is known: a server that is there already tells it itself. */
  generation: z.optional(z.enum(GENERATIONS)),
  /** With its defaults, and with the audience `host` for services in the host's network. */
  declaration: provisionDeclaration,
});

export type ProvisionInput = z.infer<typeof provisionInputSchema>;

/** The provisioner's part of a declaration. */
export function provisionPart(declaration: ProvisionDeclaration): Read {
  const { admin, organization, projects } = declaration;
  const apps = Object.entries(provisionedApps(declaration)).map(([app, { project, audience, preset, variables }]) => [
    app,
    { project, audience, preset, variables },
  ]);
  return {
    admin: admin && { email: admin.email },
    organization,
    projects: Object.fromEntries(
      Object.entries(projects).map(([key, { name, team, platform }]) => [key, { name, team, platform }]),
    ),
    apps: Object.fromEntries(apps),
  };
}
