import { CodedError } from "../../base/errors.ts";
import type { VaultReference } from "../reference.ts";
import type { VaultAnswer } from "./answers.ts";
import { fieldOf, textOf } from "./answers.ts";

/** The mount of a KV store. */
export interface Mount {
  /** Ends with a slash. */
  readonly path: string;
  readonly version: 1 | 2;
}

/**
 * Returns the mount that the server names for a path, with its type. Returns undefined where it names none, or one that
 * the path does not lie in: the mount becomes the beginning of the next request's path.
 */
export function mountIn(json: unknown, path: string): (Mount & { readonly type: string }) | undefined {
  const data = fieldOf(json, "data");
  const [mount, type] = [textOf(data, "path"), textOf(data, "type")];
  if (mount === undefined || type === undefined) return undefined;
  const prefix = mount.endsWith("/") ? mount : `${mount}/`;
  if (!`${path}/`.startsWith(prefix) || !/^[a-z][\w-]{0,40}$/.test(type)) return undefined;
  return { path: prefix, type, version: textOf(fieldOf(data, "options"), "version") === "2" ? 2 : 1 };
}

/** Returns the error for a 404, which has several reasons. */
export function missingSecret(
  server: string,
  { path, version }: VaultReference,
  mount: Mount,
  { json }: VaultAnswer,
): CodedError {
  const metadata = fieldOf(fieldOf(json, "data"), "metadata");
  const gone = fieldOf(metadata, "destroyed") === true ? "destroyed" : textOf(metadata, "deletion_time") && "deleted";
  const number = version ?? fieldOf(metadata, "version");
  const inner = path.slice(mount.path.length);
  if (gone) {
    return new CodedError("GC1107", `${server} Secret not found: ${path}; version ${number} was ${gone}`, {
      remedy: gone === "deleted" ? `vault kv undelete -versions=${number} ${path}` : "Write it again.",
    });
  }
  const of = version === undefined ? "" : ` (version ${version})`;
  const remedy =
    mount.version === 2 && inner.startsWith("data/")
      ? `Leave "data/" out: vault:${mount.path}${inner.slice("data/".length)}`
      : `Check the path below ${mount.path}, or write it: vault kv put ${path}`;
  return new CodedError("GC1107", `${server} Secret not found: ${path}${of}`, { remedy });
}

/** Returns the value of the named field, or of the only one. */
export function chosenField(
  server: string,
  { path, field }: VaultReference,
  values: Readonly<Record<string, unknown>>,
): string {
  const names = Object.keys(values).sort();
  const [only] = names;
  if (field === undefined && (only === undefined || names.length > 1)) {
    const what = only === undefined ? "has no fields" : `has multiple fields [${names.join(", ")}]`;
    throw new CodedError("GC1107", `${server} Secret ${path} ${what}. Specify field parameter to select one.`, {
      remedy: `Write the field: vault:${path}#${only ?? "FIELD"}`,
    });
  }
  const name = field ?? only ?? "";
  if (!Object.hasOwn(values, name)) {
    const what = `Field '${name}' not found in secret ${path}. Available fields: [${names.join(", ")}]`;
    throw new CodedError("GC1107", `${server} ${what}`, { remedy: "Correct the field behind the #." });
  }
  const value = values[name];
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string" && value !== "") return value;
  const kind = value === "" ? "is empty" : "holds no text";
  throw new CodedError("GC1107", `${server} Field '${name}' of secret ${path} ${kind}`, {
    remedy: `Write a text into it: vault kv patch ${path} ${name}=…`,
  });
}
