import * as z from "zod/mini";
import { described, secretReferenceSchema } from "./primitives.ts";

const folderSchema = z
  .string()
  .check(
    z.regex(/^(?!\/|~|\.\.?(?:\/|$))[\w.-]+(?:\/[\w.-]+)*\/?$/, { error: "must be a folder beside glitchtip.yaml" }),
  );

export const serviceSchema = z.strictObject({
  declarations: described(
    z.optional(folderSchema),
    "A folder of further declarations, one file for each server or group of servers, besides glitchtip.yaml.",
  ),
  everySeconds: described(
    z._default(z.int().check(z.minimum(10), z.maximum(86_400)), 300),
    "How often each server is planned.",
  ),
  apply: described(
    z._default(z.boolean(), false),
    "Apply what is planned. Organizations and projects are never deleted by it.",
  ),
  workers: described(z._default(z.int().check(z.minimum(1), z.maximum(16)), 1), "The number of worker containers."),
  port: described(
    z._default(z.int().check(z.minimum(1), z.maximum(65_535)), 8180),
    "The API's port on 127.0.0.1. GLITCHTIP_SERVICE_PORT in .env overrides it.",
  ),
  secrets: described(
    z._default(
      z.record(
        z.string().check(z.regex(/^[A-Z][A-Z0-9_]{0,39}$/, { error: "must be a variable, such as PROD_TOKEN" })),
        secretReferenceSchema,
      ),
      {},
    ),
    "What `env:NAME` means in the declarations, by NAME: file:PATH, env:NAME or vault:MOUNT/PATH#FIELD.",
  ),
  events: described(
    z.optional(z.string().check(z.regex(/^https?:\/\/\S+$/, { error: "must be an http:// or https:// address" }))),
    "Where each applied action, error and drift is posted as a CloudEvent.",
  ),
});
