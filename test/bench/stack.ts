import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { good, median, pairs, samples } from "./measure.ts";

export interface StackFigures {
  /** From GlitchTip's first good health check to the app's start, less the time until the proof event could be read. */
  readonly handoverMs: number;
  /** What our one-shots add to an `up -d --wait` that changes nothing. */
  readonly furtherUpMs: number;
  /** What the setup service alone adds to it. */
  readonly setupMs: number;
}

/** Undefined with a reason where no engine answers. */
export function whyNoEngine(): string | undefined {
  try {
    execFileSync("docker", ["compose", "version"], { stdio: "pipe" });
    execFileSync("docker", ["info"], { stdio: "pipe", timeout: 20_000 });
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "no engine") : "no engine";
  }
}

export async function measureStack(cli: string): Promise<StackFigures> {
  const cwd = mkdtempSync(join(tmpdir(), "glitchtip-compose-bench-"));
  const compose = (...args: string[]) =>
    execFileSync("docker", ["compose", ...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const up = (...args: string[]) => good({ command: "docker", args: ["compose", "up", "-d", "--wait", ...args], cwd });
  try {
    writeFileSync(join(cwd, ".env"), `GLITCHTIP_PORT=${await freePort()}\nAPP_PORT=${await freePort()}\n`);
    await good({ command: process.execPath, args: [cli, "init", "--yes"], cwd });
    await up();
    const inspect = (service: string) => {
      const id = compose("ps", "-a", "-q", service).trim();
      return JSON.parse(execFileSync("docker", ["inspect", id], { encoding: "utf8" }))[0];
    };
    const checks: { ExitCode: number; End: string }[] = inspect("glitchtip").State.Health.Log;
    const healthy = Date.parse(checks.find(({ ExitCode }) => ExitCode === 0)?.End ?? "");
    const started = Date.parse(inspect("app").State.StartedAt);
    const proofMs = Number(
      /server and worker in (\d+) ms/.exec(compose("logs", "--no-log-prefix", "glitchtip-provision"))?.[1],
    );
    const further = await pairs(
      samples(5),
      () => up(),
      () => up("--no-deps", "glitchtip-db", "glitchtip", "app"),
    );
    const setup = await pairs(
      5,
      () => up("glitchtip-db"),
      () => up("--no-deps", "glitchtip-db"),
    );
    const added = ({ a, b }: typeof setup) => median(a.map((run, i) => run.wallMs - (b[i]?.wallMs ?? 0)));
    return {
      handoverMs: started - healthy - proofMs,
      furtherUpMs: added(further),
      setupMs: added(setup),
    };
  } finally {
    compose("down", "-v", "-t", "1");
    rmSync(cwd, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address !== null ? address.port : 0;
}
