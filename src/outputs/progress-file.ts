import { rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import { readIfThere, writeOne } from "../base/files.ts";
import type { Log } from "../base/log.ts";

interface Stepped {
  readonly step: string;
}

/** The record of a run of several steps, so that a run that was killed continues where it stopped. */
export interface ProgressFile<T extends Stepped> {
  /** Returns undefined where no run is recorded. Throws the coded error of the definition for a damaged file. */
  read(dir: string): T | undefined;
  save(dir: string, progress: T): void;
  forget(dir: string): void;
  /** Returns true while `step` is still to be done. */
  isBefore(progress: T, step: T["step"]): boolean;
}

interface ProgressDefinition<S extends z.ZodMiniType<Stepped>> {
  /** The file is `.glitchtip/state/NAME.json` in the workspace; only its owner may read it. */
  readonly name: string;
  /** The steps in their order. Each is named after what is done when it is recorded. */
  readonly steps: readonly z.infer<S>["step"][];
  readonly shape: S;
  /** The code of the error for a file that cannot be read. */
  readonly code: ErrorCode;
  readonly remedy: string;
}

export function progressFile<S extends z.ZodMiniType<Stepped>>({
  name,
  steps,
  shape,
  code,
  remedy,
}: ProgressDefinition<S>): ProgressFile<z.infer<S>> {
  const pathIn = (dir: string): string => join(dir, ".glitchtip", "state", `${name}.json`);
  return {
    read(dir) {
      const text = readIfThere(pathIn(dir));
      if (text === undefined) return undefined;
      try {
        return z.parse(shape, JSON.parse(text));
      } catch (cause) {
        throw new CodedError(code, `${pathIn(dir)} cannot be read`, { remedy, cause });
      }
    },
    save: (dir, progress) => writeOne(pathIn(dir), `${JSON.stringify(progress, null, 1)}\n`, 0o600),
    forget: (dir) => rmSync(pathIn(dir), { force: true }),
    isBefore: (progress, step) => steps.indexOf(progress.step) < steps.indexOf(step),
  };
}

interface RunContext {
  readonly dir: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A run whose steps are recorded one by one. Every step may be executed again: it may have been killed in the middle. */
export class ResumableRun<T extends Stepped> {
  readonly #file: ProgressFile<T>;
  readonly #context: RunContext;
  progress: T;

  constructor(file: ProgressFile<T>, context: RunContext, progress: T) {
    this.#file = file;
    this.#context = context;
    this.progress = progress;
  }

  /** Records what has to be known after a kill. */
  save(fields: Partial<T> = {}): void {
    this.progress = { ...this.progress, ...fields };
    this.#file.save(this.#context.dir, this.progress);
  }

  /** Executes `work` unless `step` is done already, and records the step. */
  async step(step: T["step"], title: string, work: () => Promise<void>): Promise<void> {
    const { log, signal } = this.#context;
    if (!this.#file.isBefore(this.progress, step)) return;
    signal.throwIfAborted();
    log.step(title);
    await work();
    this.save({ step } as Partial<T>);
  }

  forget(): void {
    this.#file.forget(this.#context.dir);
  }
}
