import * as z from "zod/mini";
import type { RetentionKind } from "../../glitchtip/versions.ts";
import { atLeast } from "../number-pattern.ts";
import { described, inJsonSchema, secretReferenceSchema, text } from "./primitives.ts";

const daysSchema = z.optional(
  z.string().check(z.regex(/^[1-9]\d{0,3}d$/, { error: "must be a number of days such as 90d" })),
);

const days = (description: string) => described(daysSchema, description);

/** Its keys are RETENTION_KINDS. */
export const retentionSchema = z.strictObject({
  events: days("How long events are kept, in days: 90d; also every kind below that is not stated."),
  transactions: days("How long transactions are kept."),
  uptime: days("How long results of monitors are kept."),
  files: days("How long source maps and debug files are kept."),
  logs: days("How long logs are kept."),
  releases: days("How long releases are kept."),
} satisfies Record<RetentionKind, unknown>);

export const mailSchema = z.strictObject({
  url: described(
    secretReferenceSchema,
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of the mail server's address, such as smtp+tls://user:password@smtp.example.com:587; special characters percent-encoded.",
  ),
  from: described(z.optional(text(254)), "The sender of GlitchTip's mails. Default: the administrator's address."),
});

const MEMORY = /^(\d+)([mg])$/;

/** Returns a memory size such as `512m` or `2g` in MiB. */
export const memoryMebibytes = (size: string): number => {
  const [, number = "0", unit] = MEMORY.exec(size) ?? [];
  return Number(number) * (unit === "g" ? 1024 : 1);
};

/** Below this GlitchTip's process is killed and started again for ever (docs/glitchtip-facts.md, "Load and memory"). */
const SERVER_LEAST_MIB = 200;

const memory = (leastMib: number) =>
  z.optional(
    z.string().check(
      z.refine((size) => MEMORY.test(size) && memoryMebibytes(size) >= leastMib, {
        error: `must be a size from ${leastMib}m on, such as 512m or 2g`,
      }),
      inJsonSchema({ pattern: `^(?:(?:${atLeast(leastMib)})m|(?:${atLeast(1)})g)$` }),
    ),
  );

const limit = (what: string, leastMib: number) =>
  described(
    z.optional(
      z.strictObject({
        memory: described(memory(leastMib), "Such as 512m or 2g."),
        cpus: described(
          z.optional(z.number().check(z.minimum(0.1), z.maximum(256))),
          "Cores, also parts of one: 0.5. Not more than the machine has.",
        ),
      }),
    ),
    what,
  );

export const limitsSchema = z.strictObject({
  web: limit("Limits of the web container, which also runs the worker unless that has its own.", SERVER_LEAST_MIB),
  worker: limit("Limits of the worker.", SERVER_LEAST_MIB),
  database: limit("Of Postgres.", 128),
  valkey: limit("Limits of Valkey, which uses half of the memory for its data and then refuses more.", 32),
  proxy: limit("Of Caddy.", 32),
});

export const TLS_MODES = ["auto", "internal", "own"] as const;
export const PROXIES = ["caddy", "traefik", "nginx", "none"] as const;

const fileSchema = z.string().check(z.regex(/^file:.+$/, { error: "must be file:PATH" }));
const megabytesSchema = z.int().check(z.minimum(1), z.maximum(4096));

/** A DNS name. Authorities issue no certificate for an IP address. */
const domainSchema = z.string().check(
  z.regex(/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/, {
    error: "must be a domain in lower case such as errors.example.com, without https:// and port",
  }),
);

export const productionSchema = z.strictObject({
  domain: described(domainSchema, "The public name. `server.url` becomes https:// and this name, unless it is stated."),
  proxy: described(
    z._default(z.enum(PROXIES), "caddy"),
    "What takes HTTPS: a Caddy of ours; a Traefik that is there (labels); an nginx or another server on the host, for which snippets are written.",
  ),
  tls: described(
    z.prefault(
      z.strictObject({
        mode: described(
          z._default(z.enum(TLS_MODES), "auto"),
          "Caddy's certificate: from Let's Encrypt by itself, from an authority of its own, or yours.",
        ),
        certificate: described(z.optional(fileSchema), "mode own: file:PATH of the certificate with its chain (PEM)."),
        key: described(z.optional(fileSchema), "mode own: file:PATH of its private key (PEM)."),
      }),
      {},
    ),
    "Where the certificate comes from.",
  ),
  network: described(
    z._default(text(255), "traefik"),
    "proxy traefik: the network that it finds its services in: a key of your Compose file, or an external Docker network.",
  ),
  entrypoint: described(z._default(text(100), "websecure"), "proxy traefik: the name of its entrypoint for HTTPS."),
  certResolver: described(z.optional(text(100)), "proxy traefik: the name of its certificate resolver."),
  bodyMegabytes: described(
    z.prefault(
      z.strictObject({
        envelope: described(z._default(megabytesSchema, 20), "For requests with events, as they arrive (compressed)."),
        upload: described(z._default(megabytesSchema, 100), "For uploads of source maps and debug files."),
        other: described(z._default(megabytesSchema, 5), "For every other request."),
      }),
      {},
    ),
    "The largest request that the proxy lets through.",
  ),
});
