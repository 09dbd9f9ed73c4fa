import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";

export const MANIFEST = "manifest.json";
export const DUMP = "database.dump";
export const UPLOADS = "uploads.tar";
export const STATE = "state.json";
export const SECRETS = "secrets.age";
/** Files of the project lie below it by their own paths. */
export const PROJECT_FOLDER = "project";

/** Of this format; a reader refuses a later one. */
const FORMAT = 1;
const PRODUCT = "glitchtip-compose";

export const REASONS = ["manual", "scheduled", "before restore", "before upgrade"] as const;
export type Reason = (typeof REASONS)[number];

const table = z.object({
  rows: z.number(),
  /** Over the rows' text, whatever their order; left out for a large table. */
  sum: z.optional(z.string()),
});

/** Below where it is put, whoever wrote it. */
export const safePath = z
  .string()
  .check(z.regex(/^(?!.*(^|\/)\.\.?(\/|$))[^/\\\0][^\\\0]*$/, { error: "leaves the backup" }));

const file = z.object({
  path: safePath,
  bytes: z.number(),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});

const manifestShape = z.object({
  format: z.literal(FORMAT),
  product: z.literal(PRODUCT),
  name: z.string(),
  createdAt: z.string(),
  reason: z.enum(REASONS),
  /** Compose's name of the project. */
  project: z.string(),
  tool: z.string(),
  glitchtip: z.object({ generation: z.string(), image: z.string() }),
  postgres: z.object({ version: z.string(), major: z.number() }),
  database: z.object({
    /** Postgres's own id of the cluster, where it may be asked. */
    systemId: z.optional(z.string()),
    /** On disk, before compression. */
    bytes: z.number(),
    tables: z.record(z.string(), table),
  }),
  secrets: z.enum(["none", "passphrase", "recipients"]),
  verified: z.enum(["trial restore", "no"]),
  files: z.array(file),
});

/** What a backup says of itself; no secret. */
export type Manifest = z.infer<typeof manifestShape>;
export type BackupFile = Manifest["files"][number];
export type Tables = Manifest["database"]["tables"];

export const newManifest = (rest: Omit<Manifest, "format" | "product">): Manifest => ({
  format: FORMAT,
  product: PRODUCT,
  ...rest,
});

/** Throws GC1803 for what is no backup of ours, or one that this version cannot read. */
export function parseManifest(text: string, where: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodedError("GC1803", `${where} is damaged: its ${MANIFEST} is no JSON`, { remedy: OTHER, cause });
  }
  const { format, product } = (value ?? {}) as Record<string, unknown>;
  if (product !== PRODUCT) {
    const whose = typeof product === "string" ? `of ${product}` : "of another program";
    throw new CodedError("GC1803", `${where} is a backup ${whose}, not of ${PRODUCT}`, { remedy: OTHER });
  }
  if (format !== FORMAT) {
    throw new CodedError("GC1803", `${where} has format ${String(format)}; this version reads ${FORMAT}`, {
      remedy: "Restore it with the version of glitchtip-compose that made it, or a newer one.",
    });
  }
  const parsed = z.safeParse(manifestShape, value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new CodedError("GC1803", `${where} is damaged: its ${MANIFEST} cannot be used`, { problems, remedy: OTHER });
}

const OTHER = "Take another one: glitchtip-compose backup list";

/** Tables that differ in rows, or in content where both sides know it; one line each. */
export function differences(expected: Tables, found: Tables): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return names.flatMap((name) => {
    const [before, after] = [expected[name], found[name]];
    if (before === undefined) return [`${name}: is new`];
    if (after === undefined) return [`${name}: is missing (${before.rows} rows)`];
    if (before.rows !== after.rows) return [`${name}: ${before.rows} rows in the backup, ${after.rows} restored`];
    const both = before.sum !== undefined && after.sum !== undefined;
    return both && before.sum !== after.sum ? [`${name}: ${before.rows} rows with other content`] : [];
  });
}
