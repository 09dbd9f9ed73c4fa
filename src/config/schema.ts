import * as z from "zod/mini";
import { admin } from "./schema/admin.ts";
import { app, ON_FAILURE } from "./schema/app.ts";
import { backup } from "./schema/backup.ts";
import { care } from "./schema/care.ts";
import { projects } from "./schema/inside/organization.ts";
import { insideServer, servers } from "./schema/inside/server.ts";
import { notify } from "./schema/notify.ts";
import { postgres } from "./schema/postgres.ts";
import { described, text } from "./schema/primitives.ts";
import { limits, mail, production } from "./schema/production.ts";
import { server } from "./schema/server.ts";
import { vault } from "./schema/vault.ts";

export { AUDIENCES, type Audience } from "./audience.ts";
export { ON_FAILURE } from "./schema/app.ts";

/**
 * The declaration, glitchtip.yaml: the one source of names, defaults, validation and reference.
 * Descriptions are what editors and docs/declaration.md show.
 */
export const declarationSchema = z.strictObject({
  version: described(z.literal(1), "Of this file's format."),
  server: described(z.prefault(server, {}), "The GlitchTip of this stack."),
  admin: described(z.optional(admin), "The superuser. Left out where `server.token` is given."),
  name: described(z.optional(text(200)), "Of the instance, for --instance and in plans. Default: the file's."),
  servers: described(
    servers,
    "Several servers, by name, for plan, apply and pull; each with what stands at the top here for one.",
  ),
  organization: described(z.optional(text(200)), "The organization's name. Left out where every app has a `dsn`."),
  projects: described(projects, "By name."),
  ...insideServer,
  apps: described(z._default(z.record(z.string(), app), {}), "By the service's name in your Compose file."),
  vault: described(z.optional(vault), "The Vault of `vault:` references, and how to sign in there."),
  provisioner: described(
    z.optional(z.string().check(z.regex(/^(mount|build|image:\S+)$/, { error: "must be mount, build or image:NAME" }))),
    "Where the provisioner runs from: the Node image with a file mounted (default), a built image, or a ready one.",
  ),
  onFailure: described(
    z._default(z.enum(ON_FAILURE), "block"),
    "What an app does when there has never been a DSN and none comes in time. With `production`: start-without-reporting.",
  ),
  production: described(
    z.optional(production),
    "GlitchTip for the world: HTTPS in front, closed to strangers, the worker apart.",
  ),
  mail: described(z.optional(mail), "How GlitchTip sends mails. Default: they are printed to its log."),
  backup: described(z.optional(backup), "Copies of the data, and when they are made."),
  care: described(z.optional(care), "A service that watches the stack and restarts GlitchTip's processes with care."),
  notify: described(z.optional(notify), "Who is told when something has failed; with one the stack is watched."),
  limits: described(z.optional(limits), "Memory and cores of GlitchTip's containers."),
  postgres: described(
    z.optional(postgres),
    "Settings of the Postgres of this stack, by its own names; `size` advises.",
  ),
});

export type Declaration = z.infer<typeof declarationSchema>;
export type AppDeclaration = Declaration["apps"][string];
