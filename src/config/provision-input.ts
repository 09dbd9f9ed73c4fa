import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { GENERATIONS } from "../glitchtip/versions.ts";
import { provisionedApps } from "./app-sources.ts";
import { AUDIENCES, PRESET_NAMES } from "./framework-presets.ts";

/**
 * The part of the declaration that the provisioner reads. The declaration's own schema would make the provisioner's
 * bundle larger and its start slower. The values were checked before they were written.
 */
const provisionDeclarationSchema = z.strictObject({
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
      host: z.optional(z.boolean()),
    }),
  ),
});

type ProvisionPart = z.infer<typeof provisionDeclarationSchema>;
type ProvisionedApp = Omit<ProvisionPart["apps"][string], "project"> & {
  readonly project?: string | undefined;
  readonly dsn?: unknown;
};

/** What provisioning needs of a declaration; a whole declaration is one. */
export interface ProvisionDeclaration extends Omit<ProvisionPart, "apps"> {
  readonly apps: Readonly<Record<string, ProvisionedApp>>;
}

/** `.glitchtip/provision.json`, which the generator writes for the provisioner. Addresses come by environment variables. */
export const provisionInputSchema = z.strictObject({
  version: z.literal(1),
  /** The version of glitchtip-compose that wrote it. */
  tool: z.string(),
  /** The hash of glitchtip.yaml at that time: another one now means that `init` has to run again. */
  declarationSha256: z.string(),
  /** Left out for a server that runs elsewhere, which tells its generation itself. */
  generation: z.optional(z.enum(GENERATIONS)),
  /** Defaults are filled in, and services in the host's network have the audience `host`. */
  declaration: provisionDeclarationSchema,
});

export type ProvisionFile = z.infer<typeof provisionInputSchema>;

/** Returns the hash by which the provisioner knows its declaration. Git may have changed the line ends of the file. */
export const declarationHash = (text: string): string =>
  createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");

/** Returns the part of a declaration that the provisioner reads. */
export function provisionPart(declaration: ProvisionDeclaration): ProvisionPart {
  const { admin, organization, projects } = declaration;
  const apps = Object.entries(provisionedApps(declaration)).map(
    ([app, { project, audience, preset, variables, host }]) => [app, { project, audience, preset, variables, host }],
  );
  return {
    admin: admin && { email: admin.email },
    organization,
    projects: Object.fromEntries(
      Object.entries(projects).map(([key, { name, team, platform }]) => [key, { name, team, platform }]),
    ),
    apps: Object.fromEntries(apps),
  };
}
