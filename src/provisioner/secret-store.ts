import { linkSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hasErrno } from "../base/errors.ts";
import { readIfThere, removeLeftovers, writeOne } from "../base/files.ts";

/** The users of the containers that read a secret differ; who has no mount of the volume reads nothing. */
const MODE = 0o444;

/** The secrets of a stack in their volumes, as the setup service sees them. `dir` has one folder for each. */
export class SecretStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  #path(name: string, file: "value" | "next" | "mark"): string {
    return join(this.#dir, name, file);
  }

  /** Returns the value, or undefined where there is none or an empty one. */
  value(name: string): string | undefined {
    return readIfThere(this.#path(name, "value")) || undefined;
  }

  /** Returns the mark of the reference that the value was handed over for. */
  mark(name: string): string | undefined {
    return readIfThere(this.#path(name, "mark"));
  }

  setMark(name: string, mark: string): void {
    if (this.mark(name) !== mark) writeOne(this.#path(name, "mark"), mark, MODE);
  }

  /** Replaces the value; returns false where it is the same. */
  write(name: string, value: string, file: "value" | "next" = "value"): boolean {
    removeLeftovers(join(this.#dir, name));
    if (readIfThere(this.#path(name, file)) === value) return false;
    writeOne(this.#path(name, file), value, MODE);
    return true;
  }

  /** Writes the value where there is none, and never over another one, also when two setups run at once. */
  writeMissing(name: string, value: string): boolean {
    if (this.value(name) !== undefined) return false;
    const made = join(this.#dir, name, "made");
    // An empty file is no secret; it is what a full disk leaves.
    if (readIfThere(this.#path(name, "value")) === "") rmSync(this.#path(name, "value"));
    rmSync(made, { force: true });
    writeOne(made, value, MODE);
    try {
      linkSync(made, this.#path(name, "value"));
      return true;
    } catch (error) {
      if (hasErrno(error, "EEXIST")) return false;
      throw error;
    } finally {
      rmSync(made, { force: true });
    }
  }

  /** Puts the next value in use; does nothing where there is none, because an interrupted run has done it. */
  promote(name: string): void {
    if (readIfThere(this.#path(name, "next")) !== undefined) {
      renameSync(this.#path(name, "next"), this.#path(name, "value"));
    }
  }
}

/** The deepest data folder of the images: 18/docker. */
const DEPTH = 3;

/**
 * Returns whether the volume of the database holds one. Postgres closes its data folder to everybody else, so a folder
 * that root without capabilities cannot read is one, too.
 */
export function holdsDatabase(folder: string, depth = DEPTH): boolean {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.some(({ name }) => name === "PG_VERSION")) return true;
    if (depth === 0) return false;
    return entries.some((entry) => entry.isDirectory() && holdsDatabase(join(folder, entry.name), depth - 1));
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return false;
    if (hasErrno(error, "EACCES")) return true;
    throw error;
  }
}
