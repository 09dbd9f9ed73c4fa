import { rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import { readIfThere, writeOne } from "../base/files.ts";

/** How far a work of several steps has come, so that a killed one goes on from there. */
export interface ProgressFile<T> {
  /** Undefined where none is under way. Throws `unreadable` for a file of another form. */
  read(dir: string): T | undefined;
  save(dir: string, progress: T): void;
  forget(dir: string): void;
}

/** Kept in `.glitchtip/state/NAME.json` of a project's folder, for its owner only. */
export function progressFile<S extends z.ZodMiniType>(
  name: string,
  shape: S,
  unreadable: { readonly code: ErrorCode; readonly remedy: string },
): ProgressFile<z.infer<S>> {
  const pathIn = (dir: string): string => join(dir, ".glitchtip", "state", `${name}.json`);
  return {
    read(dir) {
      const text = readIfThere(pathIn(dir));
      if (text === undefined) return undefined;
      try {
        return z.parse(shape, JSON.parse(text));
      } catch (cause) {
        throw new CodedError(unreadable.code, `${pathIn(dir)} cannot be read`, { remedy: unreadable.remedy, cause });
      }
    },
    save: (dir, progress) => writeOne(pathIn(dir), `${JSON.stringify(progress, null, 1)}\n`, 0o600),
    forget: (dir) => rmSync(pathIn(dir), { force: true }),
  };
}
