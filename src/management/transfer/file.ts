import { existsSync } from "node:fs";
import * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { readIfThere, writeOne } from "../../base/files.ts";

const SCHEMA = 1;

const keyShape = z.object({ label: z.string(), key: z.string() });
const projectShape = z.object({
  organization: z.string(),
  name: z.string(),
  slug: z.string(),
  id: z.string(),
  keys: z.array(keyShape),
});

const shape = z.object({
  product: z.literal("glitchtip-compose configuration"),
  schema: z.literal(SCHEMA),
  exportedAt: z.string(),
  from: z.object({ url: z.string(), version: z.optional(z.string()) }),
  /** The organizations with their contents as a declaration. Secrets are references. */
  declaration: z.string(),
  /** The references in it, and what they belong to. */
  secrets: z.array(z.object({ reference: z.string(), of: z.string() })),
  projects: z.array(projectShape),
});

/** What one server holds, to be imported into another one. It has no password or token; DSN keys are public. */
export type Configuration = z.infer<typeof shape>;
export type ExportedProject = z.infer<typeof projectShape>;

export const newConfiguration = (rest: Omit<Configuration, "product" | "schema">): Configuration => ({
  product: "glitchtip-compose configuration",
  schema: SCHEMA,
  ...rest,
});

/** Writes the file with mode 0600. Throws where the file exists. */
export function writeConfiguration(path: string, configuration: Configuration): void {
  if (existsSync(path)) {
    throw new CodedError("GC1501", `${path} already exists`, { remedy: "Give another name with --out." });
  }
  writeOne(path, `${JSON.stringify(configuration, null, 1)}\n`, 0o600);
}

export function readConfiguration(path: string): Configuration {
  const text = readIfThere(path);
  if (text === undefined) {
    throw new CodedError("GC1001", `there is no ${path}`, {
      remedy: "Create one with: npx glitchtip-compose export configuration",
    });
  }
  let found: { readonly schema?: unknown; readonly product?: unknown } = {};
  try {
    found = JSON.parse(text);
    return z.parse(shape, found);
  } catch (cause) {
    const newer = found.product === "glitchtip-compose configuration" && found.schema !== SCHEMA;
    throw new CodedError(
      "GC1001",
      newer
        ? `${path} has schema ${found.schema}; this version reads ${SCHEMA}`
        : `${path} is no exported configuration`,
      {
        remedy: newer
          ? "Use the version of glitchtip-compose that wrote it."
          : "Give the file that npx glitchtip-compose export configuration wrote.",
        cause,
      },
    );
  }
}
