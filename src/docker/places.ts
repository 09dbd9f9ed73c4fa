import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { ProcessResult, Run } from "../base/process.ts";

/** The address of an engine, and where it was found. */
export interface EngineAddress {
  /** Starts with unix://, tcp://, ssh:// or npipe://. */
  readonly host: string;
  /** `DOCKER_HOST`, `context NAME` or `default socket`. */
  readonly via: string;
  /** A folder with ca.pem, cert.pem and key.pem for a TLS address. */
  readonly tlsDir?: string;
}

export interface PlacesContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly platform?: NodeJS.Platform;
  readonly uid?: number | undefined;
  readonly exists?: (path: string) => boolean;
}

/** A place to try, or the reason why one does not apply. */
export type EnginePlace =
  | {
      readonly address: EngineAddress;
      /** True where the user chose this place, so that no other is tried. */
      readonly only: boolean;
      /** The variables that make the docker program use this place, too. */
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly via: string; readonly not: string };

const ASK_WITHIN_MS = 10_000;

/** Yields places in the order of the docker program: DOCKER_HOST, its context, then the usual sockets. */
export async function* places(context: PlacesContext): AsyncGenerator<EnginePlace> {
  const { env } = context;
  if (env.DOCKER_HOST) {
    const tlsDir = env.DOCKER_TLS_VERIFY || env.DOCKER_CERT_PATH ? dockerCertificates(env) : undefined;
    const address = { host: env.DOCKER_HOST, via: "DOCKER_HOST", ...defined({ tlsDir }) };
    return yield { address, only: true, env: {} };
  }
  yield { via: "DOCKER_HOST", not: "not set" };
  const chosen = await fromContext(context);
  yield chosen;
  const { exists = existsSync } = context;
  const [there, missing] = [true, false].map((wanted) =>
    defaultSockets(context).filter((path) => exists(path) === wanted),
  );
  for (const path of there ?? []) {
    const host = `${path.startsWith("//") ? "npipe" : "unix"}://${path}`;
    // The default context is usually the first of these sockets.
    if ("address" in chosen && chosen.address.host === host) continue;
    yield { address: { host, via: "default socket" }, only: false, env: { DOCKER_HOST: host } };
  }
  yield { via: "default sockets", not: `none at ${missing?.join(", ")}` };
}

const dockerCertificates = (env: PlacesContext["env"]): string =>
  env.DOCKER_CERT_PATH || join(env.HOME ?? homedir(), ".docker");

/** Asks the docker program for its context, which depends on its config file, DOCKER_CONTEXT and DOCKER_CONFIG. */
async function fromContext({ run, env, signal }: PlacesContext): Promise<EnginePlace> {
  const via = env.DOCKER_CONTEXT ? `context ${env.DOCKER_CONTEXT}` : "docker context";
  let result: ProcessResult;
  try {
    result = await run("docker", ["context", "inspect"], { env, signal, deadlineMs: ASK_WITHIN_MS });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { via, not: error.message };
  }
  if (result.code !== 0) return { via, not: result.stderr.trim() || `exit ${result.code}` };
  const context = parseContext(result.stdout);
  if (context === undefined) return { via, not: "its answer names no engine" };
  const address = {
    host: context.host,
    via: `context ${context.name}`,
    ...defined({ tlsDir: context.tlsDir }),
  };
  // A context that the user chose must not be replaced by another engine when it is down; the default one may be.
  return { address, only: context.name !== "default", env: {} };
}

function parseContext(text: string): { name: string; host: string; tlsDir?: string } | undefined {
  try {
    const [context] = JSON.parse(text);
    const host: unknown = context?.Endpoints?.docker?.Host;
    const name: unknown = context?.Name;
    if (typeof host !== "string" || host === "" || typeof name !== "string") return undefined;
    const secured = Array.isArray(context?.TLSMaterial?.docker);
    return { name, host, ...defined({ tlsDir: secured ? join(context.Storage.TLSPath, "docker") : undefined }) };
  } catch {
    return undefined;
  }
}

function defaultSockets({ env, platform = process.platform, uid = getuid?.() }: PlacesContext): string[] {
  if (platform === "win32") return ["//./pipe/docker_engine"];
  const home = env.HOME ?? homedir();
  const runtime = env.XDG_RUNTIME_DIR ?? (uid === undefined ? undefined : `/run/user/${uid}`);
  return [
    "/var/run/docker.sock",
    ...(runtime === undefined ? [] : [`${runtime}/docker.sock`]),
    `${home}/.docker/run/docker.sock`,
    `${home}/.docker/desktop/docker.sock`,
    `${home}/.colima/default/docker.sock`,
    ...(runtime === undefined ? [] : [`${runtime}/podman/podman.sock`]),
    "/run/podman/podman.sock",
  ];
}
