import { statSync } from "node:fs";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import { referencedPath } from "../../base/user-folders.ts";
import type { Declaration } from "../../config/schema.ts";
import { parseStackReference } from "../../config/secrets.ts";
import { traefikNetwork } from "../../stack/traefik-network.ts";
import type { Workspace } from "../../workspace/index.ts";
import type { Machine } from "../doctor/doctor.ts";
import { checkPorts, type TakenPorts } from "../doctor/port-checks.ts";
import { certificateProblems } from "./certificate.ts";
import { oldValues, weakSecrets } from "./secret-values.ts";

type Production = NonNullable<Declaration["production"]>;

/** What only the machine that the command runs on can tell. */
export interface ProductionHost {
  nowMs(): number;
  /** Missing where names and ports are not to be checked. */
  readonly network?: (workspace: Pick<Workspace, "dir" | "composeProjectName">) => Promise<HostNetwork>;
}

export interface HostNetwork extends Pick<Machine, "resolves" | "portIsFree"> {
  /** Ports that are taken. */
  readonly taken: TakenPorts;
  /** Name of the Compose project. */
  readonly projectName: string;
  /** Missing where no engine answers. */
  hasNetwork?(name: string): Promise<boolean>;
}

/**
 * Refuses, before anything is written, a production server that nobody could reach or that others could get into. Throws
 * GC1111 with all problems.
 */
export async function refuseUnfitProduction(
  workspace: Workspace,
  shell: Readonly<Record<string, string | undefined>>,
  log: Log,
  host: ProductionHost,
): Promise<void> {
  const { dir, declaration, env } = workspace;
  const { production } = declaration;
  if (production === undefined) return;
  const network = await host.network?.(workspace);
  if (network !== undefined) await warnOfNetwork(workspace, network, log);
  const problems = [
    ...weakSecrets(dir, declaration, { ...env, ...shell }, oldValues(dir)).map(({ what }) => what),
    ...ownCertificateProblems(dir, production, host.nowMs()),
    ...(network === undefined
      ? []
      : [...(await domainProblems(production, network, log)), ...(await portProblems(production, env, network, log))]),
  ];
  if (problems.length === 0) return;
  throw new CodedError("GC1111", `${production.domain} cannot be put into production like this; nothing was written`, {
    problems,
    remedy: "Correct these points, then run the command again. --no-preflight skips DNS and ports.",
  });
}

async function domainProblems({ domain, tls, proxy }: Production, host: HostNetwork, log: Log): Promise<string[]> {
  if (await host.resolves(domain)) return [];
  const what = `production.domain: ${domain} does not resolve on this machine`;
  if (proxy === "caddy" && tls.mode === "auto") {
    return [`${what}, so no authority issues a certificate for it; add it to your DNS, or try it with --tls internal`];
  }
  log.warn(`${what}: add it to your DNS`);
  return [];
}

/** A Traefik that is not there yet may bring its network later, so its absence is only a warning. */
async function warnOfNetwork(
  { declaration: { production }, user }: Pick<Workspace, "declaration" | "user">,
  host: HostNetwork,
  log: Log,
): Promise<void> {
  if (production?.proxy !== "traefik") return;
  const { name, external } = traefikNetwork(production.network, user);
  if (!external || (await host.hasNetwork?.(name)) !== false) return;
  log.warn(
    `production.network: this engine has no network ${name}, and without it nothing starts: docker network create ${name}, start your Traefik, or write the name of its network`,
  );
}

/** Checks the ports that Caddy publishes: 80 and 443, unless .env says otherwise. */
async function portProblems(
  { proxy }: Production,
  env: Workspace["env"],
  host: HostNetwork,
  log: Log,
): Promise<string[]> {
  if (proxy !== "caddy") return [];
  const wanted = [env.GLITCHTIP_HTTP_PORT || "80", env.GLITCHTIP_HTTPS_PORT || "443"];
  const services = { "glitchtip-proxy": { ports: wanted.map((published) => ({ target: 80, published })) } };
  const findings = await checkPorts({ name: host.projectName, services }, host.taken, host);
  for (const { level, what } of findings) if (level === "warn") log.warn(what);
  return findings.filter(({ level }) => level === "fail").map(({ what, fix }) => `${what}: ${fix}`);
}

function ownCertificateProblems(dir: string, { domain, tls }: Production, nowMs: number): string[] {
  if (tls.mode !== "own" || tls.certificate === undefined || tls.key === undefined) return [];
  const [certificate, key] = [read(dir, "certificate", tls.certificate), read(dir, "key", tls.key)];
  const missing = [certificate, key].flatMap(({ problem }) => problem ?? []);
  if (missing.length > 0) return missing;
  return certificateProblems(certificate.text, key.text, domain, nowMs).map(
    (problem) => `production.tls: ${problem} (${tls.certificate}, ${tls.key})`,
  );
}

function read(dir: string, name: string, reference: string): { readonly text: string; readonly problem?: string } {
  const found = parseStackReference(reference);
  const path = found.kind === "file" ? found.path : "";
  const problem = (what: string) => ({ text: "", problem: `production.tls.${name}: ${what}` });
  try {
    const text = readIfThere(referencedPath(dir, path));
    if (text === undefined) return problem(`there is no file ${path}`);
    const { mode, uid } = statSync(referencedPath(dir, path));
    // Caddy's container runs as root without the capability to read files of other users.
    if ((mode & 0o004) === 0 && uid !== 0) return problem(`Caddy cannot read ${path}: chown root, or chmod o+r`);
    return { text };
  } catch {
    return problem(`${path} cannot be read`);
  }
}
