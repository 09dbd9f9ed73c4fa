import { createHash } from "node:crypto";
import { postgresMajor } from "../config/postgres.ts";
import type { Declaration } from "../config/schema.ts";
import { imageOf, type ResolvedServer, superuserOf } from "../config/server.ts";
import { careInside } from "./care.ts";
import { escaped } from "./interpolate.ts";
import type { ComposeService, StackTexts } from "./model.ts";
import type { AttachedStack, OurService, OurStack } from "./services.ts";
import type { ComposeTemplates } from "./templates.ts";

const SERVER = "glitchtip";
const DATABASE = "glitchtip-db";
const PARTS: readonly string[] = [DATABASE, "glitchtip-init", "glitchtip-worker", "glitchtip-valkey"];
const DATA_VOLUME = "glitchtip-data";
const FOLDER = ".glitchtip/all-in-one";

export interface OneContainer {
  readonly ours: AttachedStack;
  readonly volumes: readonly string[];
  readonly files: readonly { readonly path: string; readonly content: string }[];
}

/** The same stack with one service in the place of server, worker, database and Valkey. */
export function inOneContainer(
  stack: OurStack,
  declaration: Declaration,
  server: ResolvedServer,
  templates: ComposeTemplates,
  texts: StackTexts,
): OneContainer {
  const care = careInside(declaration, server);
  const files = Object.entries(texts.allInOne());
  const services: Record<string, OurService> = {};
  for (const [name, service] of Object.entries(stack.services)) {
    if (PARTS.includes(name)) continue;
    services[name] =
      name === SERVER
        ? {
            fromServer: false,
            own: withCare(single(stack, service.own, declaration, templates, tagOf(files, texts, stack)), care),
          }
        : { ...service, own: beside(name, service.own) };
  }
  return {
    ours: { everyService: stack.everyService, services },
    volumes: [DATA_VOLUME],
    files: files.map(([path, content]) => ({ path: `${FOLDER}/${path}`, content })),
  };
}

/** Changes with whatever the image is made of: so `up` builds a new one then, and only then. */
function tagOf(files: readonly (readonly [string, string])[], { gate }: StackTexts, { server }: OurStack): string {
  const hash = createHash("sha256").update(gate).update(String(server.image));
  for (const [path, content] of files) hash.update(`${path}\0${content}\0`);
  return hash.digest("hex").slice(0, 12);
}

function single(
  { server, environment, services }: OurStack,
  web: ComposeService,
  declaration: Declaration,
  templates: ComposeTemplates,
  tag: string,
): ComposeService {
  const template = templates("glitchtip-single");
  const { entrypoint: _, command: __, depends_on: ___, healthcheck: ____, stop_grace_period: _____, ...kept } = web;
  const secrets = (web.secrets ?? server.secrets) as string[];
  const readOnly = web.read_only ?? server.read_only;
  const flags = services[DATABASE]?.own.command as readonly string[] | undefined;
  const { postgres } = declaration.server;
  return {
    ...kept,
    ...template,
    // What an operator declared comes after the template.
    ...memoryOf(declaration),
    image: `\${GLITCHTIP_ALL_IN_ONE_IMAGE:-glitchtip-compose/all-in-one:${tag}}`,
    build: {
      ...(template.build as object),
      args: {
        GLITCHTIP_IMAGE: server.image ?? escaped(imageOf(declaration.server)),
        ...(postgres?.image === undefined ? {} : { POSTGRES_MAJOR: String(postgresMajor(postgres.image) ?? "") }),
      },
    },
    ...(readOnly === undefined ? {} : { read_only: readOnly }),
    environment: {
      ...Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          value.replace("//glitchtip-valkey:", "//127.0.0.1:"),
        ]),
      ),
      GLITCHTIP_ADMIN_EMAIL: escaped(superuserOf(declaration).email),
      // Without the program's name before them.
      ...(flags === undefined ? {} : { POSTGRES_FLAGS: flags.slice(1).join(" ") }),
      ...(template.environment as object),
    },
    secrets: [...secrets, ...(template.secrets as string[])],
    networks: ((web.networks ?? ["glitchtip"]) as string[]).filter((name) => name !== "glitchtip-db"),
  };
}

const withCare = (own: ComposeService, { volumes, environment }: ReturnType<typeof careInside>): ComposeService => ({
  ...own,
  environment: { ...(own.environment as object), ...environment },
  volumes: [...(own.volumes as string[]), ...volumes],
});

const USUAL_MIB = 512;

/** What its parts may have together; the template's where nothing is declared. */
function memoryOf({ limits = {} }: Declaration): ComposeService {
  const declared = [limits.web, limits.worker, limits.database].map((limit) => limit?.memory);
  if (declared.every((memory) => memory === undefined)) return {};
  const valkey = limits.valkey?.memory;
  const all = [...declared.map((memory) => memory ?? `${USUAL_MIB}m`), ...(valkey === undefined ? [] : [valkey])];
  return { mem_limit: `${all.map(mebibytes).reduce((sum, memory) => sum + memory, 0)}m` };
}

const mebibytes = (size: string): number => Number.parseInt(size, 10) * (/g/i.test(size) ? 1024 : 1);

/** Waits for the one container only, and reaches its database and its volume. */
function beside(name: string, own: ComposeService): ComposeService {
  const links = Object.entries((own.depends_on ?? {}) as Record<string, object>);
  const kept = links.filter(([other]) => !PARTS.includes(other));
  const networks = own.networks as string[] | undefined;
  const waits = {
    ...(own.depends_on === undefined ? {} : { depends_on: Object.fromEntries(kept) }),
    ...(Array.isArray(networks) ? { networks: networks.filter((one) => one !== "glitchtip-db") } : {}),
  };
  if (name === "glitchtip-backup-db") {
    const { networks: _, ...rest } = own;
    return {
      ...rest,
      // Postgres listens on the loopback of that container alone.
      network_mode: `service:${SERVER}`,
      environment: { ...(own.environment as object), PGHOST: "127.0.0.1" },
      depends_on: { [SERVER]: { condition: "service_healthy", required: false } },
    };
  }
  if (name !== "glitchtip-backup") return { ...own, ...waits };
  const volumes = (own.volumes as string[]).map((volume) =>
    volume === "glitchtip-uploads:/uploads:ro"
      ? { type: "volume", source: DATA_VOLUME, target: "/uploads", read_only: true, volume: { subpath: "uploads" } }
      : volume,
  );
  return { ...own, ...waits, volumes };
}
