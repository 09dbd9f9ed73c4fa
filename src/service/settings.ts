import * as z from "zod/mini";

export const DEFAULT_ISSUER = "glitchtip-compose";
export const DEFAULT_AUDIENCE = "glitchtip-compose";
export const DEFAULT_PORT = 8080;

const seconds = z.int().check(z.minimum(1), z.maximum(86_400));

/** What a process of the service does, and with what. Secrets are references. */
export const serveSettings = z.strictObject({
  /** The declaration, or a folder of them. */
  file: z.string(),
  /** The address of the queue's engine, or a reference to it. */
  queue: z.string(),
  host: z.string(),
  port: z.int().check(z.minimum(0), z.maximum(65_535)),
  api: z.boolean(),
  /** How many runs of each queue at a time; 0 in a process without workers. */
  workers: z.int().check(z.minimum(0), z.maximum(64)),
  watch: z.optional(z.strictObject({ everySeconds: seconds, apply: z.boolean() })),
  secret: z.optional(z.string()),
  jwks: z.optional(z.string()),
  issuer: z._default(z.string(), DEFAULT_ISSUER),
  audience: z._default(z.string(), DEFAULT_AUDIENCE),
  revoked: z.optional(z.string()),
});

export type ServeSettings = z.infer<typeof serveSettings>;
