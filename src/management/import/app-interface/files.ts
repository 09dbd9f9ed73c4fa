import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseDocument } from "yaml";
import { CodedError } from "../../../base/errors.ts";
import { KeyReader } from "../imported.ts";

export interface DataFile {
  /** The path relative to the folder, with a leading slash, as a `$ref` has it. */
  readonly path: string;
  /** The file's `$schema` without its version, such as `/glitchtip/project`. */
  readonly schema: string;
  readonly value: unknown;
}

/** The YAML files of a folder, which refer to each other. */
export interface DataFiles {
  readonly all: readonly DataFile[];
  of(schema: string): readonly DataFile[];
  /** Returns the value itself, or the file that its `$ref` or `path` names; undefined where that file is missing. */
  follow(value: unknown): { readonly value: unknown; readonly path?: string } | undefined;
}

export function readDataFiles(dir: string): DataFiles {
  const problems: string[] = [];
  const all = namesIn(dir).flatMap((name): DataFile[] => {
    const document = parseDocument(readFileSync(join(dir, name), "utf8"), { merge: true });
    const [error] = document.errors;
    if (error !== undefined) {
      problems.push(`${name}: ${error.message.split("\n")[0]}`);
      return [];
    }
    const value: unknown = document.toJS();
    const schema = new KeyReader(value).text("$schema")?.replace(/-\d+\.ya?ml$/, "") ?? "";
    return [{ path: `/${name}`, schema, value }];
  });
  if (problems.length > 0) {
    throw new CodedError("GC1102", `${problems.length} of the files in ${dir} are no YAML`, {
      problems,
      remedy: "Correct or remove these files, then run the command again.",
    });
  }
  // app-interface keeps its files below data/, and references start there.
  const byPath = new Map(
    all.flatMap((file) => [file.path, file.path.replace(/^\/data\//, "/")].map((path) => [path, file])),
  );
  return {
    all,
    of: (schema) => all.filter((file) => file.schema === schema),
    follow(value) {
      const keys = new KeyReader(value);
      const reference = keys.text("$ref") ?? (keys.rest().length <= 1 ? keys.text("path") : undefined);
      if (reference === undefined || !/\.ya?ml$/.test(reference)) return value === undefined ? undefined : { value };
      const found = byPath.get(`/${reference.replace(/^\/+/, "")}`);
      return found && { value: found.value, path: found.path };
    },
  };
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
      .sort();
  } catch (cause) {
    throw new CodedError("GC1102", `${dir} is no folder that can be read`, {
      remedy: "Give the folder with the files of app-interface.",
      cause,
    });
  }
}
