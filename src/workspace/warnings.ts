import { publishersOf } from "../compose/ports.ts";
import { resolveServer, serverKind } from "../config/server.ts";
import { generationOf } from "../glitchtip/versions.ts";
import { STACK_FILE } from "../stack/managed-files.ts";
import { publishesPort } from "../stack/production.ts";
import { isStackService } from "../stack/service-names.ts";
import { readUserFile } from "./declaration-file.ts";
import { shellProblem } from "./discovery-problem.ts";
import { ignoresAny } from "./git.ts";
import { oldSecretFiles, ownerOnlySecretFile } from "./secrets.ts";
import { publishedPort, type Workspace } from "./workspace.ts";

const DEFAULT_PORT = 8000;

/** Yields what a user should look at, although the files can be made. */
export function* warningsOf(
  workspace: Workspace,
  shell: Readonly<Record<string, string | undefined>>,
): Generator<string> {
  const { dir, declaration, env } = workspace;
  const { server, apps } = declaration;
  yield* dotEnvWarnings(workspace);
  const port = publishedPort(declaration, env, {});
  if (port !== server.port && server.port !== DEFAULT_PORT) {
    yield `GLITCHTIP_PORT=${port} in .env wins over server.port: ${server.port}`;
  }
  if (serverKind(declaration) === "bundled" && workspace.port !== port) {
    yield `GLITCHTIP_PORT=${shell.GLITCHTIP_PORT} in your shell wins over ${port} in ${env.GLITCHTIP_PORT ? ".env" : "glitchtip.yaml"}, for as long as it is set`;
  }
  yield* portWarnings(workspace);
  const image = env.GLITCHTIP_IMAGE;
  if (image && generationOf(image)?.generation !== resolveServer(server).server?.capabilities.generation) {
    yield `GLITCHTIP_IMAGE=${image} in .env is of another generation than server.image: ${server.image}; state it in glitchtip.yaml`;
  }
  yield* discoveryWarnings(workspace, shell);
  // A workspace of our file alone is for GlitchTip alone.
  if (Object.keys(apps).length === 0 && workspace.composeFiles.length > 1)
    yield "no service gets a DSN: `apps` is empty";
  // The setup service copies every other referenced file, and reads those of its owner, too.
  const closed = server.ca === undefined ? undefined : ownerOnlySecretFile(dir, server.ca);
  if (closed !== undefined) yield `${closed} can be read by its owner only; the provisioner reads it as another user`;
  const old = oldSecretFiles(dir);
  if (old.length > 0) {
    yield `${old.join(", ")}: the next docker compose up takes them over into volumes; then delete them and run npx glitchtip-compose init`;
  }
}

/** Only one of two services that publish the same port can start. */
function* portWarnings({ declaration, port, user }: Workspace): Generator<string> {
  if (serverKind(declaration) !== "bundled" || !publishesPort(declaration)) return;
  const others = publishersOf(user.services, { port, hostIp: "127.0.0.1", protocol: "tcp" });
  const names = others.filter((name) => !isStackService(name));
  if (names.length === 0) return;
  yield `port ${port} of GlitchTip is published by ${names.join(" and ")}, too: set GLITCHTIP_PORT in .env, or server.port in glitchtip.yaml, to a free one`;
}

/** Yields what keeps Compose from finding our file, here or in somebody else's clone. */
function* discoveryWarnings(
  { dir, env, stackFile }: Workspace,
  shell: Readonly<Record<string, string | undefined>>,
): Generator<string> {
  // What .env and the folder lack is written by this run.
  const problem = shellProblem({ dir, env, stackFile }, shell);
  if (problem !== undefined) {
    yield `${problem.what}; ${problem.fix}`;
  } else if (shell.COMPOSE_FILE && env.COMPOSE_FILE && shell.COMPOSE_FILE !== env.COMPOSE_FILE) {
    yield `COMPOSE_FILE=${shell.COMPOSE_FILE} in your shell wins over the one in .env`;
  }
  const isWritten = stackFile === STACK_FILE && !env.COMPOSE_FILE?.includes(STACK_FILE);
  if (isWritten && ignoresAny(dir, [".env"])) {
    yield `git ignores .env, in which COMPOSE_FILE names ${STACK_FILE}: whoever clones the repository has to run npx glitchtip-compose init`;
  }
}

/** Every line of .env becomes part of a service whose `env_file` it is. */
function* dotEnvWarnings({ user, env, stackFile }: Workspace): Generator<string> {
  const readers = Object.keys(user.services).filter((name) => user.services[name]?.envFiles.includes(".env"));
  if (readers.length === 0 || stackFile !== STACK_FILE || env.COMPOSE_FILE?.includes(STACK_FILE)) return;
  yield `.env is the env_file of ${readers.join(", ")}: with the new lines in it, the next up recreates their containers`;
}

/**
 * Returns the apps that start without our wrapper, each with the Compose file that is the reason: it stands after ours
 * and states an entrypoint, and Compose uses the last one.
 */
export async function appsWithLostWrapper({
  dir,
  declaration,
  composeFiles,
  stackFile,
}: Workspace): Promise<Map<string, string>> {
  const after = composeFiles.slice(composeFiles.indexOf(stackFile) + 1);
  if (after.length === 0) return new Map();
  const { asMap, parseComposeYaml, Tagged } = await import("../compose/yaml.ts");
  const wrapped = Object.keys(declaration.apps).filter((app) =>
    ["entrypoint", "busybox"].includes(declaration.apps[app]?.inject ?? ""),
  );
  const replacesWrapper = (service: unknown): boolean => {
    const { entrypoint } = asMap(service);
    const stated = (entrypoint instanceof Tagged ? entrypoint.value : entrypoint) ?? null;
    return entrypoint !== undefined && entrypoint !== null && !JSON.stringify(stated).includes("with-dsn");
  };
  const found = after.flatMap((path) =>
    parseComposeYaml(path, readUserFile(dir, path, "GC1103") ?? "").flatMap(({ services }) =>
      wrapped.filter((app) => replacesWrapper(asMap(services)[app])).map((app) => [app, path] as const),
    ),
  );
  return new Map(found);
}

/** Says what is lost. */
export const lostWrapperText = (app: string, path: string): string =>
  `${path} stands after our Compose file in COMPOSE_FILE and states an entrypoint for ${app}: it replaces with-dsn, so ${app} gets no DSN`;
export const lostWrapperRemedy = "Put our Compose file last in COMPOSE_FILE (.env), then: npx glitchtip-compose init";
