import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ProcessResult, runProcess } from "../../../src/base/process.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dirname, "../../..");
const WITHIN_MS = 240_000;

const docker = (...args: string[]): Promise<ProcessResult> =>
  runProcess("docker", args, { deadlineMs: WITHIN_MS, cwd: ROOT });

/** images/all-in-one on the stand-in, as its README says; the layers are the engine's to keep. */
export async function builtImage(): Promise<string> {
  const tag = `gtc-all-in-one-test:${randomBytes(5).toString("hex")}`;
  const { code, stderr } = await docker(
    ...["build", "-q", "-t", tag, "--build-context", "init=templates/init", "images/all-in-one"],
  );
  if (code !== 0) throw new Error(`docker build ended with ${code}\n${stderr}`);
  return tag;
}

export const removeImage = (tag: string): Promise<ProcessResult> => docker("rmi", "-f", tag);

/** Files for a container to mount. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "gtc-one-"));

  constructor() {
    chmodSync(this.path, 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  write(path: string, text: string, mode = 0o644): void {
    const file = join(this.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
  }

  program(path: string, ...lines: string[]): void {
    this.write(path, ["#!/bin/sh", ...lines, ""].join("\n"), 0o755);
  }
}

/** A container of the image with a volume of its own, hardened as the generated stack does it. */
export class OneContainer implements AsyncDisposable {
  readonly name: string;
  readonly #image: string;

  constructor(image: string) {
    this.name = `gtc-one-${randomBytes(5).toString("hex")}`;
    this.#image = image;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker("rm", "-f", "-v", this.name);
    await docker("volume", "rm", "-f", this.name);
  }

  /** `docker run -d` with these flags before the image's name. */
  async start(...flags: string[]): Promise<void> {
    const hardened = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--tmpfs", "/tmp"];
    const own = "/run/glitchtip-compose:mode=0700,uid=5000,gid=5000";
    const data = flags.some((flag) => flag.endsWith(":/data")) ? [] : ["-v", `${this.name}:/data`];
    const mounts = ["--tmpfs", own, ...data];
    const { code, stderr } = await docker(
      ...["run", "-d", "--name", this.name, ...hardened, ...mounts, ...flags, this.#image],
    );
    if (code !== 0) throw new Error(stderr);
  }

  /** A short-lived one with another command, on the same volume. Exit code and output are its. */
  async once(...command: string[]): Promise<ProcessResult> {
    return await docker("run", "--rm", "-v", `${this.name}:/data`, this.#image, ...command);
  }

  exec(...command: string[]): Promise<ProcessResult> {
    return docker("exec", this.name, ...command);
  }

  docker(...args: string[]): Promise<ProcessResult> {
    return docker(...args, this.name);
  }

  /** Both channels; `since` an earlier length. */
  async logs(since = 0): Promise<string> {
    const { stdout, stderr } = await docker("logs", this.name);
    return (stdout + stderr).slice(since);
  }

  async state(): Promise<{ Status: string; ExitCode: number; Health?: { Status: string } }> {
    return JSON.parse((await docker("inspect", "-f", "{{json .State}}", this.name)).stdout);
  }

  /** Until its health check says that every program does its work. */
  async healthy(): Promise<void> {
    await until(`${this.name} is healthy`, async () => {
      const { Status, Health } = await this.state();
      if (Status === "exited") throw new Error(`it ended:\n${await this.logs()}`);
      return Health?.Status === "healthy" && (await this.exec("health")).code === 0 ? true : undefined;
    });
  }

  /** Until it has ended by itself; its exit code. */
  async ended(): Promise<number> {
    return await until(`${this.name} ends`, async () => {
      const { Status, ExitCode } = await this.state();
      return Status === "exited" ? ExitCode : undefined;
    });
  }

  async pid(program: string): Promise<number> {
    const { stdout } = await this.exec("s6-svstat", "-o", "pid", `/run/glitchtip-compose/service/${program}`);
    return Number(stdout.trim());
  }

  async kill(program: string, signal = "KILL"): Promise<void> {
    await this.exec("sh", "-c", `kill -${signal} ${await this.pid(program)}`);
  }
}
