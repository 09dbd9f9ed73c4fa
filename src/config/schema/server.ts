import * as z from "zod/mini";
import { described, httpUrl, secretReference } from "./primitives.ts";
import { retention } from "./production.ts";

/** A whole address holds a password: it comes from elsewhere, and its special characters are percent-encoded in it. */
const ownService = z.strictObject({
  url: described(secretReference, "file:PATH or env:NAME of its address; special characters in it percent-encoded."),
  service: described(z.optional(z.string()), "The service of your Compose file that it is, where it is one."),
});

export const server = z.strictObject({
  image: described(
    z._default(z.string().check(z.minLength(1)), "glitchtip/glitchtip:6"),
    "GlitchTip's image with its tag.",
  ),
  generation: described(
    z.optional(z.enum(["4.1", "5.1", "5.2", "6"])),
    "Which GlitchTip this is, where the image's tag does not tell (a digest, an own build).",
  ),
  url: described(
    z.optional(httpUrl),
    "What browsers and people use. Default: http://localhost and the published port.",
  ),
  port: described(
    z._default(z.int().check(z.minimum(1), z.maximum(65535)), 8000),
    "The port on 127.0.0.1; GLITCHTIP_PORT in .env wins.",
  ),
  topology: described(
    z.optional(z.enum(["all-in-one", "split"])),
    "One container, or web and worker apart. Default: all-in-one from generation 6 on, split before.",
  ),
  database: described(
    z._default(z.union([z.literal("bundled"), ownService]), "bundled"),
    "Where the data lives: Postgres in this stack, or a map with `url` (and `service`) of your own.",
  ),
  valkey: described(
    z.optional(z.union([z.enum(["off", "bundled"]), ownService])),
    "A Valkey beside it, or a map with `url` (and `service`) of your own. Default: off; bundled for 5.1 and older, which need it.",
  ),
  registration: described(z._default(z.enum(["closed", "open"]), "closed"), "Whether strangers may make an account."),
  retention: described(z.optional(retention), "How long data is kept, by kind."),
});
