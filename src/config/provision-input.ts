import * as z from "zod/mini";
import { GENERATIONS } from "../glitchtip/versions.ts";
import { declarationSchema } from "./schema.ts";

/** `.glitchtip/provision.json`: what the generator hands to the provisioner. Addresses come by environment. */
export const provisionInputSchema = z.strictObject({
  version: z.literal(1),
  /** The version of glitchtip-compose that wrote it. */
  tool: z.string(),
  /** Of glitchtip.yaml at that time: another one now means that `init` has to run again. */
  declarationSha256: z.string(),
  /** Where it is known: a server that is there already tells it itself. */
  generation: z.optional(z.enum(GENERATIONS)),
  /** As validated, with its defaults, and with the audience `host` for services in the host's network. */
  declaration: declarationSchema,
});

export type ProvisionInput = z.infer<typeof provisionInputSchema>;
