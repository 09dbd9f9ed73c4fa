import { readFileSync } from "node:fs";
import { arch, release, type } from "node:os";
import { version as nodeVersion } from "node:process";
import { cleanLine } from "../base/clean.ts";
import { referencedPath } from "../base/user-folders.ts";
import { parseDeclaration } from "../config/load.ts";
import { MADE_SECRETS, SECRET_NAMES_VARIABLE, secretFile } from "../config/secret-volumes.ts";
import { parseStackReference } from "../config/secrets.ts";
import type { Docker } from "../docker/index.ts";
import { containerOf, type LogLine, observeStack, type RunningStack, readLogs } from "../running/index.ts";
import { SETUP } from "../stack/service-names.ts";
import { DECLARATION_FILE, parseEnv, readDeclarationText, readEnvText } from "../workspace/index.ts";
import type { Finding } from "./doctor/doctor.ts";
import { maskFor, withoutAddressPaths } from "./mask.ts";

const MOST_BYTES = 5_000_000;
/** What is left for the logs; everything else is small. */
const LOG_BYTES = 4_000_000;
const TAIL_LINES = 2_000;
const LONGEST_LINE = 2_000;

export interface BundleContext {
  readonly docker: Docker;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly dir: string;
  readonly toolVersion: string;
}

/**
 * Returns the text of a support bundle, JSON of at most 5 MB: versions, the findings, the declaration and the services
 * without secrets, states, and the last lines of GlitchTip's containers. What cannot be read is left out.
 */
export async function supportBundle(context: BundleContext, findings: readonly Finding[]): Promise<string> {
  const { docker } = context;
  // A declaration with mistakes is what somebody may need help with.
  const declaration = await orUndefined(async () =>
    parseDeclaration(readDeclarationText(context.dir), DECLARATION_FILE),
  );
  const stack = await orUndefined(() => observeStack(docker));
  const mask = maskFor(await knownSecrets(context, declaration, stack));
  const bundle = {
    versions: {
      tool: context.toolVersion,
      node: nodeVersion,
      system: `${type()} ${release()} ${arch()}`,
      engine: await orUndefined(async () => (await docker.located()).engine.version()),
      compose: await orUndefined(() => docker.compose.version()),
    },
    findings,
    declaration: withoutAddressPaths(declaration),
    services: stack && servicesOf(stack),
    containers: stack && containersOf(stack),
    logs: (stack && (await orUndefined(() => lastLogs(context, stack)))) ?? {},
  };
  const text = JSON.stringify(bundle, (_, value) => (typeof value === "string" ? mask(value) : value), 1);
  if (Buffer.byteLength(text) <= MOST_BYTES) return `${text}\n`;
  return `${JSON.stringify({ ...JSON.parse(text), logs: "left out: too large" }, undefined, 1)}\n`;
}

/** Commands, labels and the values of variables may hold secrets: only what a service is connected to is told. */
const servicesOf = ({ config }: RunningStack) =>
  Object.fromEntries(
    Object.entries(config.services).map(([name, service]) => [
      name,
      {
        image: service.image,
        ports: service.ports,
        networks: Object.keys(service.networks ?? {}),
        dependsOn: Object.keys(service.depends_on ?? {}),
        variables: Object.keys(service.environment ?? {}),
      },
    ]),
  );

const containersOf = ({ containers }: RunningStack) =>
  containers.map(({ service, name, state, health, exitCode, oomKilled, restarts, sinceMs, image, startError }) => ({
    ...{ service, name, state, health, exitCode, oomKilled, restarts, image, startError },
    since: sinceMs === undefined ? undefined : new Date(sinceMs).toISOString(),
  }));

/** Returns the last lines of GlitchTip's own services, by service. What the user's services say is theirs. */
async function lastLogs({ docker, signal }: BundleContext, stack: RunningStack): Promise<Record<string, string[]>> {
  const services = Object.keys(stack.config.services).filter((name) => name.startsWith("glitchtip"));
  const lines: LogLine[] = [];
  const options = { services, errors: false, follow: false, tail: TAIL_LINES, signal };
  if (services.length > 0) await readLogs(docker, stack, options, (line) => void lines.push(line));
  const most = LOG_BYTES / Math.max(1, services.length);
  return Object.fromEntries(
    services.map((name) => [
      name,
      newest(
        lines.filter(({ service }) => service === name),
        most,
      ),
    ]),
  );
}

function newest(lines: readonly LogLine[], mostBytes: number): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const { at, text } of lines.toReversed()) {
    const line = `${at} ${cleanLine(text, LONGEST_LINE)}`;
    // Each byte may need two in JSON, and a line has its quotes.
    bytes += 2 * Buffer.byteLength(line) + 5;
    if (bytes > mostBytes) break;
    kept.push(line);
  }
  return kept.reverse();
}

const SECRET_NAME = /PASS|SECRET|KEY|TOKEN|DSN|URL|CREDENTIAL|AUTH/i;

/** Returns all secrets that can be known here: of references, of variables, and those that the stack made. */
async function knownSecrets(
  { dir, env }: BundleContext,
  declaration: unknown,
  stack: RunningStack | undefined,
): Promise<string[]> {
  const inFile = (await orUndefined(async () => parseEnv(readEnvText(dir)))) ?? {};
  const ofServices = Object.values(stack?.config.services ?? {}).map(({ environment }) => environment ?? {});
  const named = [inFile, env, ...ofServices].flatMap((all) =>
    Object.entries(all).flatMap(([name, value]) => (value && SECRET_NAME.test(name) ? [value] : [])),
  );
  const referred = texts(declaration).flatMap((text) => referredSecret(text, dir, { ...inFile, ...env }));
  const setup = stack && containerOf(stack, SETUP);
  const names = stack?.config.services[SETUP]?.environment?.[SECRET_NAMES_VARIABLE]?.split(" ") ?? [];
  const made = [...new Set([...names, ...Object.keys(MADE_SECRETS)])].map(
    async (name) => setup && (await orUndefined(() => stack.engine.readFile(setup.id, secretFile(name)))),
  );
  return [...named, ...referred, ...(await Promise.all(made)).filter((one) => one !== undefined)];
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function referredSecret(text: string, dir: string, variables: BundleContext["env"]): string[] {
  if (!/^(file|env|vault):./.test(text)) return [];
  const reference = parseStackReference(text);
  if (reference.kind === "vault") return [];
  try {
    if (reference.kind === "file") return [readFileSync(referencedPath(dir, reference.path), "utf8")];
  } catch {
    return [];
  }
  return [variables[reference.name] ?? ""];
}

async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
