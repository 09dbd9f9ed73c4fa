import { CodedError } from "../../base/errors.ts";
import type { VaultReference } from "../reference.ts";

/** The field that is named, or the only one there is. */
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
