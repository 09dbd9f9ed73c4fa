import { ownServices } from "../../config/own-service.ts";
import { resolveServer } from "../../config/server.ts";
import { generationOf } from "../../glitchtip/versions.ts";
import type { Project } from "./project.ts";
import { closedSecret } from "./secrets.ts";

const DEFAULT_PORT = 8000;

/** What a user should look at, although the project can be made. */
export function* warningsOf(
  { dir, declaration, port, env }: Project,
  shell: Readonly<Record<string, string | undefined>>,
): Generator<string> {
  const { server, admin, apps } = declaration;
  if (port !== server.port && server.port !== DEFAULT_PORT) {
    yield `GLITCHTIP_PORT=${port} in .env wins over server.port: ${server.port}`;
  }
  const image = env.GLITCHTIP_IMAGE;
  if (image && generationOf(image)?.generation !== resolveServer(server).server?.capabilities.generation) {
    yield `GLITCHTIP_IMAGE=${image} in .env is another generation than server.image: ${server.image}; state it in glitchtip.yaml`;
  }
  if (shell.COMPOSE_FILE !== undefined && shell.COMPOSE_FILE !== env.COMPOSE_FILE) {
    yield `COMPOSE_FILE=${shell.COMPOSE_FILE} in your shell wins over the one in .env`;
  }
  if (Object.keys(apps).length === 0) yield "no service gets a DSN: `apps` is empty";
  for (const reference of [admin?.password, ...Object.values(ownServices(server)).map(({ url }) => url)]) {
    const closed = reference === undefined ? undefined : closedSecret(dir, reference);
    if (closed === undefined) continue;
    yield `${closed} can be read by its owner only; GlitchTip's container reads it as another user`;
  }
}
