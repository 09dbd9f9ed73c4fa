import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { CodedError } from "../../../base/errors.ts";

/** The part of Terraform's and OpenTofu's state, version 4, that is read. */
const stateShape = z.object({
  version: z.literal(4),
  resources: z.array(
    z.object({
      module: z.optional(z.string()),
      mode: z.enum(["managed", "data"]),
      type: z.string(),
      name: z.string(),
      provider: z.optional(z.string()),
      instances: z.array(
        z.object({
          index_key: z.optional(z.union([z.string(), z.number()])),
          attributes: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
          sensitive_attributes: z.optional(z.nullable(z.array(z.unknown()))),
          status: z.optional(z.string()),
          deposed: z.optional(z.string()),
        }),
      ),
    }),
  ),
});

export interface Resource {
  /** The address as `terraform state list` shows it. */
  readonly address: string;
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Tells whether the attribute at this path, or one around it, is marked as sensitive. */
  isSensitive(path: readonly (string | number)[]): boolean;
}

export interface TerraformState {
  readonly managed: readonly Resource[];
  /** Data sources, which Terraform only reads. */
  readonly data: readonly Resource[];
  /** Objects that Terraform was about to replace or delete. */
  readonly passing: readonly { readonly address: string; readonly why: string }[];
}

/** Reads a state. `text` is the state where it was piped in, and `path` then only names it. */
export function readState(path: string, text = textOf(path)): TerraformState {
  const found = stateShape.safeParse(parsed(path, text));
  if (!found.success) {
    throw new CodedError("GC1102", `${path} is no Terraform state of version 4`, {
      remedy: "Give the file that this writes: terraform state pull > state.json",
    });
  }
  const managed: Resource[] = [];
  const data: Resource[] = [];
  const passing: { address: string; why: string }[] = [];
  for (const resource of found.data.resources) {
    for (const instance of resource.instances) {
      const address = addressOf(resource, instance.index_key);
      const why = whyPassing(instance);
      if (why !== undefined) passing.push({ address, why });
      if (instance.deposed !== undefined) continue;
      (resource.mode === "data" ? data : managed).push({
        address,
        type: resource.type,
        attributes: instance.attributes ?? {},
        isSensitive: sensitivity(instance.sensitive_attributes ?? []),
      });
    }
  }
  return { managed, data, passing };
}

type StateResource = z.infer<typeof stateShape>["resources"][number];

function addressOf({ module, mode, type, name }: StateResource, index: string | number | undefined): string {
  const place = module === undefined ? "" : `${module}.`;
  const key = index === undefined ? "" : `[${JSON.stringify(index)}]`;
  return `${place}${mode === "data" ? "data." : ""}${type}.${name}${key}`;
}

/** Returns what Terraform was about to do to an object; undefined where it was to stay. */
function whyPassing({ status, deposed }: StateResource["instances"][number]): string | undefined {
  if (deposed !== undefined) return "is deposed: Terraform was about to delete it";
  return status === "tainted" ? "is tainted: Terraform was about to replace it; it is taken as it is" : undefined;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CodedError("GC1102", `${path} cannot be read`, { remedy: "Give the path of a Terraform state.", cause });
  }
}

function parsed(path: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "encrypted_data" in value) {
      throw new CodedError("GC1102", `${path} is encrypted`, { remedy: "tofu state pull > state.json" });
    }
    return value;
  } catch (error) {
    if (error instanceof CodedError) throw error;
    // The parser's message would quote the text, which may hold a secret.
    return undefined;
  }
}

/** A path in the state is a list of steps. No step leads into a set, so all of a set is sensitive if any of it is. */
function sensitivity(marks: readonly unknown[]): Resource["isSensitive"] {
  const paths = marks.map((mark) => (Array.isArray(mark) ? mark.map(stepOf) : []));
  return (path) => paths.some((steps) => steps.every((step, i) => step === undefined || step === path[i]));
}

function stepOf(step: unknown): string | number | undefined {
  if (typeof step !== "object" || step === null || !("value" in step)) return undefined;
  const value: unknown = step.value;
  const inner = typeof value === "object" && value !== null && "value" in value ? value.value : value;
  return typeof inner === "string" || typeof inner === "number" ? inner : undefined;
}
