import { defined } from "../../../base/defined.ts";
import { CodedError } from "../../../base/errors.ts";
import { parseReference } from "../../../references/reference.ts";
import { type ImportedServer, KeyReader, type Left } from "../imported.ts";
import type { DataFile } from "./files.ts";

export type FoundInstance = Omit<ImportedServer, "organizations" | "manage"> & { readonly path: string };

/** The defaults of qontract-reconcile, which treats 0 as unset. */
const USUAL_TIMEOUT_SECONDS = 30;
const USUAL_RETRIES = 3;

/** Reads a file of the schema `/glitchtip/instance-1.yml`. */
export function readInstance({ path, value }: DataFile, told: Told): FoundInstance {
  const keys = new KeyReader(value).ignore("$schema", "labels", "description");
  const name = keys.text("name") ?? "";
  const url = keys.text("consoleUrl");
  const token = vaultReference(keys.get("automationToken"), `${path}: automationToken`, told);
  if (name === "") told.problem(path, "name is missing");
  if (url === undefined) told.problem(path, "consoleUrl is missing");
  if (token === undefined) told.problem(path, "automationToken is missing");
  const seconds = keys.number("readTimeout") || USUAL_TIMEOUT_SECONDS;
  const retries = keys.number("maxRetries") || USUAL_RETRIES;
  if (keys.get("automationUserEmail") !== undefined) {
    told.leave(
      path,
      "automationUserEmail",
      "is not needed: the server tells whose the token is, and that account is never removed",
    );
  }
  if (keys.get("mailDomain") !== undefined) {
    told.leave(path, "mailDomain", "has no place: members are declared by their whole address");
  }
  const bridge = {
    alertUrl: keys.text("glitchtipJiraBridgeAlertUrl"),
    token: vaultReference(keys.get("glitchtipJiraBridgeToken"), `${path}: glitchtipJiraBridgeToken`, told),
  };
  told.leaveRest(path, "", keys);
  return {
    path,
    name,
    ...defined({
      url: url?.replace(/\/+$/, ""),
      token,
      timeoutMs: seconds === USUAL_TIMEOUT_SECONDS ? undefined : seconds * 1_000,
      retries: retries === USUAL_RETRIES ? undefined : retries,
      jiraBridge:
        bridge.alertUrl === undefined
          ? undefined
          : defined({ ...bridge, alertUrl: bridge.alertUrl.replace(/[/?]+$/, "") }),
    }),
  };
}

/**
 * Returns the reference for a secret of app-interface (`{path, field, version}`). The first part of the path is the
 * mount.
 */
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

/** Collects what is reported at the end: mistakes, what was not imported, and notes. */
export class Told {
  readonly left: Left[] = [];
  readonly notes: string[] = [];
  readonly #problems: string[] = [];

  problem(file: string, what: string): void {
    this.#problems.push(`${file.replace(/^\//, "")}: ${what}`);
  }

  leave(file: string, key: string, why: string): void {
    this.left.push({ where: [file.replace(/^\//, ""), key].filter(Boolean).join(": "), why });
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** Reports the keys that were not read. */
  leaveRest(file: string, at: string, keys: KeyReader): void {
    for (const key of keys.rest()) this.leave(file, at === "" ? key : `${at}.${key}`, "is not known");
  }

  throwProblems(dir: string): void {
    if (this.#problems.length === 0) return;
    throw new CodedError("GC1102", `the files in ${dir} cannot be taken over`, {
      problems: this.#problems,
      remedy: "Correct them, then run the command again.",
    });
  }
}
