import { CodedError } from "../../base/errors.ts";
import type { VaultReference } from "../reference.ts";
import type { VaultAnswer } from "./answers.ts";
import { fieldOf, textOf } from "./json.ts";

/** A KV store. */
export interface Mount {
  /** With its slash. */
  readonly path: string;
  readonly version: 1 | 2;
}

/** The error for a 404, which has many reasons. */
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
      remedy: gone === "deleted" ? `vault kv undelete -versions=${number} ${path}` : "Write it anew.",
    });
  }
  const of = version === undefined ? "" : ` (version ${version})`;
  const remedy =
    mount.version === 2 && inner.startsWith("data/")
      ? `Leave "data/" out: vault:${mount.path}${inner.slice("data/".length)}`
      : `Check the path below ${mount.path}, or write it: vault kv put ${path}`;
  return new CodedError("GC1107", `${server} Secret not found: ${path}${of}`, { remedy });
}
