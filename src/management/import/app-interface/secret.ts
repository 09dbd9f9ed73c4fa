import { parseReference } from "../../../references/reference.ts";
import { KeyReader } from "../imported.ts";
import type { Told } from "./told.ts";

/** A secret of app-interface, `{path, field, version}`, as a reference. The first part of the path is the mount. */
export function vaultReference(value: unknown, where: string, told: Told): string | undefined {
  if (value === undefined || value === null) return undefined;
  const keys = new KeyReader(value).ignore("format");
  const path = keys.text("path");
  const field = keys.text("field");
  const version = keys.number("version");
  const [file = "", at = ""] = where.split(": ");
  if (path === undefined) {
    told.problem(file, `${at} has no path`);
    return undefined;
  }
  told.leaveRest(file, at, keys);
  const reference = `vault:${path}${field === undefined ? "" : `#${field}`}${version === undefined ? "" : `?version=${version}`}`;
  if (parseReference(reference) !== undefined) return reference;
  told.problem(file, `${at}: ${path} is no path of a secret, MOUNT/PATH`);
  return undefined;
}
