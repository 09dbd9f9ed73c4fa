import * as z from "zod/mini";
import { postgresSchema } from "./postgres.ts";
import { appSchema, ON_FAILURE } from "./schema/app.ts";
import { backupSchema } from "./schema/backup.ts";
import { careSchema, notifySchema } from "./schema/care.ts";
import { projectsSchema } from "./schema/organization.ts";
import { described, secretReferenceSchema, text } from "./schema/primitives.ts";
import { limitsSchema, mailSchema, productionSchema } from "./schema/production.ts";
import { serverSchema } from "./schema/server.ts";
import { contentFields, serversSchema } from "./schema/servers.ts";
import { serviceSchema } from "./schema/service.ts";
import { vaultSchema } from "./schema/vault.ts";

const adminSchema = z.strictObject({
  email: described(
    z.string().check(z.regex(/^[^\s@]+@[^\s@]+$/, { error: "must be an e-mail address" }), z.maxLength(254)),
    "The superuser's address.",
  ),
  password: described(
    z.optional(secretReferenceSchema),
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD. Default: a generated secret.",
  ),
});

export { AUDIENCES, type Audience } from "./framework-presets.ts";
/** The engines that the stack can be rendered for. */
export const ENGINES = ["docker", "podman"] as const;

export { ON_FAILURE } from "./schema/app.ts";

/** The declaration, glitchtip.yaml: the one source of its keys, defaults, rules and reference (docs/declaration.md). */
export const declarationSchema = z.strictObject({
  version: described(z.literal(1), "The version of this file's format."),
  server: described(z.prefault(serverSchema, {}), "The GlitchTip of this stack."),
  admin: described(z.optional(adminSchema), "The superuser. Left out where `server.token` is given."),
  name: described(z.optional(text(200)), "The instance's name, for --instance and in plans. Default: the file's name."),
  servers: described(
    serversSchema,
    "Several servers, by name, for plan, apply and pull. Each has the keys that stand at the top level for one server.",
  ),
  organization: described(z.optional(text(200)), "The organization's name. Left out where every app has a `dsn`."),
  projects: described(projectsSchema, "By name."),
  ...contentFields,
  apps: described(z._default(z.record(z.string(), appSchema), {}), "By the service's name in your Compose file."),
  vault: described(z.optional(vaultSchema), "The Vault of `vault:` references, and how to sign in there."),
  provisioner: described(
    z.optional(z.string().check(z.regex(/^(mount|build|image:\S+)$/, { error: "must be mount, build or image:NAME" }))),
    "Where the provisioner runs from: the Node image with a file mounted (default), a built image, or a ready one.",
  ),
  engine: described(
    z.optional(z.enum(ENGINES)),
    "podman: the stack without what Podman's Docker API lacks (start_interval, owners of a tmpfs). Default: docker.",
  ),
  onFailure: described(
    z._default(z.enum(ON_FAILURE), "block"),
    "What an app does when it has never had a DSN and none arrives in time. With `production`: start-without-reporting.",
  ),
  production: described(
    z.optional(productionSchema),
    "GlitchTip under a public name: HTTPS in front, registration closed, the worker in its own container.",
  ),
  mail: described(z.optional(mailSchema), "How GlitchTip sends mails. Default: they are printed to its log."),
  backup: described(z.optional(backupSchema), "Backups of the data, and their schedule."),
  care: described(
    z.optional(careSchema),
    "A service that watches the stack and restarts GlitchTip's processes with care.",
  ),
  notify: described(
    z.optional(notifySchema),
    "Channels for messages about failures. With at least one, the stack is watched.",
  ),
  service: described(
    z.optional(serviceSchema),
    "The reconcile service beside GlitchTip: it plans by itself and by request, reports drift, and applies if it may.",
  ),
  limits: described(z.optional(limitsSchema), "Memory and cores of GlitchTip's containers."),
  postgres: described(
    z.optional(postgresSchema),
    "Settings of the Postgres of this stack, by its own names; `size` advises.",
  ),
});

export type Declaration = z.infer<typeof declarationSchema>;
export type AppDeclaration = Declaration["apps"][string];
