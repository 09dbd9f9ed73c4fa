import * as z from "zod/mini";
import { GENERATIONS } from "../../glitchtip/versions.ts";
import { DEFAULT_POSTGRES_IMAGE } from "../defaults.ts";
import { baseUrl, described, imageName, secretReferenceSchema, text } from "./primitives.ts";
import { retentionSchema } from "./production.ts";
import { connectionFields } from "./servers.ts";

/** The address holds a password, so it is a reference. */
const ownServiceSchema = z.strictObject({
  url: described(
    secretReferenceSchema,
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of its address; special characters in it percent-encoded.",
  ),
  service: described(z.optional(z.string()), "The service of your Compose file that runs it, if there is one."),
});

export const serverSchema = z.strictObject({
  image: described(
    z.optional(imageName),
    "GlitchTip's image with its tag. Default: glitchtip/glitchtip:6; with `url` and without `image` the server is an existing one.",
  ),
  generation: described(
    // z.enum would sort "6" first, because its values are the keys of an object.
    z.optional(z.literal(GENERATIONS)),
    "Which GlitchTip this is, if the image's tag does not say it (a digest, an own build).",
  ),
  url: described(
    z.optional(baseUrl),
    "What browsers, people and programs of the host use. Default: http://localhost and the published port. Without `image`: an existing GlitchTip.",
  ),
  token: described(
    z.optional(secretReferenceSchema),
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of an API token for an existing server. Without it, `admin` signs in.",
  ),
  containerUrl: described(
    z.optional(baseUrl),
    "Where containers reach an existing server, if not by `url`; for a server on this host http://host.docker.internal:PORT.",
  ),
  network: described(
    z.optional(text(255)),
    "An existing Docker network, which the provisioner and the apps join to reach `containerUrl`.",
  ),
  ca: described(
    z.optional(z.string().check(z.regex(/^file:.+$/, { error: "must be file:PATH of a certificate (PEM)" }))),
    "file:PATH of the certificate authority that signed the certificate of an existing server.",
  ),
  port: described(
    z._default(z.int().check(z.minimum(1), z.maximum(65535)), 8000),
    "The port on 127.0.0.1; GLITCHTIP_PORT in .env or in the shell wins.",
  ),
  topology: described(
    z.optional(z.enum(["all-in-one", "split", "single-container"])),
    "One process for web and worker, or a container each; or a single container with Postgres and Valkey in it, too. Default: all-in-one from generation 6 on, split before.",
  ),
  database: described(
    z._default(z.union([z.literal("bundled"), ownServiceSchema]), "bundled"),
    "Where the data lives: Postgres in this stack, or a map with `url` (and `service`) of your own.",
  ),
  postgres: described(
    z.optional(
      z.strictObject({
        image: described(
          z.optional(imageName),
          `Its image with its tag. Default: ${DEFAULT_POSTGRES_IMAGE}; GLITCHTIP_POSTGRES_IMAGE in .env wins.`,
        ),
        volume: described(
          z.optional(z.string().check(z.regex(/^glitchtip-db(-[a-z0-9-]+)?$/, { error: "must be glitchtip-db-NAME" }))),
          "The volume with its data. Default: glitchtip-db; another major of Postgres takes another one.",
        ),
      }),
    ),
    "The Postgres of this stack; `upgrade --postgres` writes it.",
  ),
  valkey: described(
    z.optional(z.union([z.enum(["off", "bundled"]), ownServiceSchema])),
    "A Valkey beside it, or a map with `url` (and `service`) of your own. Default: bundled up to 5.2, which loses accepted events without it (5.1 and older need it); off from generation 6 on.",
  ),
  ...connectionFields,
  registration: described(z._default(z.enum(["closed", "open"]), "closed"), "Whether strangers may create an account."),
  retention: described(z.optional(retentionSchema), "How long data is kept, by kind."),
});
