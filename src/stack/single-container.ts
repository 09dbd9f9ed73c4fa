import { createHash } from "node:crypto";
import { defined } from "../base/defined.ts";
import { escaped } from "../compose/interpolate.ts";
import type { ComposeService } from "../compose/model.ts";
import { postgresMajor } from "../config/postgres.ts";
import { memoryMebibytes } from "../config/schema/production.ts";
import type { Declaration } from "../config/schema.ts";
import { imageOf, type ResolvedServer, superuserOf } from "../config/server.ts";
import { singleContainerCare } from "./care.ts";
import { valkeyMaxMemory } from "./data-services.ts";
import { managed } from "./managed-files.ts";
import type { AttachedStack, BundledStack, RenderedFile, StackInput, StackService, StackTexts } from "./model.ts";
import {
  BACKUP_SERVICE,
  DATABASE,
  DATABASE_NETWORK,
  DATABASE_TOOLS,
  INIT,
  NETWORK,
  SERVER,
  VALKEY,
  WORKER,
} from "./service-names.ts";

/** The services that the single container replaces, beside the server. */
const REPLACED: readonly string[] = [DATABASE, INIT, WORKER, VALKEY];
const DATA_VOLUME = "glitchtip-data";
const FOLDER = ".glitchtip/all-in-one";

export interface SingleContainerStack {
  readonly stack: AttachedStack;
  readonly volumes: readonly string[];
  readonly files: readonly RenderedFile[];
}

/** Returns the stack with one service in the place of server, worker, database and Valkey. */
export function singleContainerStack(
  stack: BundledStack,
  input: StackInput,
  resolved: ResolvedServer,
): SingleContainerStack {
  const { declaration, texts } = input;
  const files = Object.entries(texts.allInOne());
  const care = singleContainerCare(declaration, resolved);
  const kept = Object.entries(stack.services).filter(([name]) => !REPLACED.includes(name));
  const services = kept.map(([name, service]): [string, StackService] => {
    if (name !== SERVER) return [name, { ...service, own: beside(name, service.own) }];
    const own = singleService(stack, service.own, input, imageTag(files, texts, stack));
    const withCare = {
      ...own,
      environment: { ...own.environment, ...care.environment },
      volumes: [...(own.volumes ?? []), ...care.volumes],
    };
    return [name, { fromServer: false, own: withCare }];
  });
  return {
    stack: { everyService: stack.everyService, services: Object.fromEntries(services) },
    volumes: [DATA_VOLUME],
    files: files.map(([path, content]) => managed(`${FOLDER}/${path}`, content)),
  };
}

/** Returns a tag that changes with whatever the image is made of, so that `up` builds a new image then and only then. */
function imageTag(
  files: readonly (readonly [string, string])[],
  { gate }: StackTexts,
  { server }: BundledStack,
): string {
  const hash = createHash("sha256").update(gate).update(String(server.image));
  for (const [path, content] of files) hash.update(`${path}\0${content}\0`);
  return hash.digest("hex").slice(0, 12);
}

function singleService(
  { server, environment, services }: BundledStack,
  web: ComposeService,
  { declaration, compose: templates }: StackInput,
  tag: string,
): ComposeService {
  const template = templates("glitchtip-single");
  const { entrypoint: _, command: __, depends_on: ___, healthcheck: ____, stop_grace_period: _____, ...kept } = web;
  const postgresCommand = services[DATABASE]?.own.command;
  const { postgres } = declaration.server;
  return {
    ...kept,
    ...template,
    // What the operator declared wins over the template.
    ...memoryLimit(declaration),
    image: `\${GLITCHTIP_ALL_IN_ONE_IMAGE:-glitchtip-compose/all-in-one:${tag}}`,
    build: {
      ...(typeof template.build === "object" ? template.build : {}),
      args: {
        GLITCHTIP_IMAGE: server.image ?? escaped(imageOf(declaration.server)),
        ...(postgres?.image === undefined ? {} : { POSTGRES_MAJOR: String(postgresMajor(postgres.image) ?? "") }),
      },
    },
    ...defined({ read_only: web.read_only ?? server.read_only }),
    environment: {
      ...onLoopback(environment),
      GLITCHTIP_ADMIN_EMAIL: escaped(superuserOf(declaration).email),
      // The first word is the program.
      ...(Array.isArray(postgresCommand) ? { POSTGRES_FLAGS: postgresCommand.slice(1).join(" ") } : {}),
      ...(declaration.limits?.valkey?.memory === undefined ? {} : { VALKEY_MAXMEMORY: valkeyMaxMemory(declaration) }),
      ...template.environment,
    },
    secrets: [...(web.secrets ?? server.secrets ?? []), ...(template.secrets ?? [])],
    networks: withoutDatabase(web.networks ?? server.networks ?? [NETWORK]),
  };
}

const onLoopback = (environment: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(`//${VALKEY}:`, "//127.0.0.1:")]),
  );

const withoutDatabase = (networks: readonly string[]): string[] => networks.filter((name) => name !== DATABASE_NETWORK);

const DEFAULT_MEMORY = "512m";

/** Returns the sum of what its parts may have; no key where nothing is declared, so that the template decides. */
function memoryLimit({ limits = {} }: Declaration): ComposeService {
  const declared = [limits.web, limits.worker, limits.database].map((limit) => limit?.memory);
  if (declared.every((memory) => memory === undefined)) return {};
  const sizes = [...declared.map((memory) => memory ?? DEFAULT_MEMORY), limits.valkey?.memory ?? "0m"];
  return { mem_limit: `${sizes.map(memoryMebibytes).reduce((sum, memory) => sum + memory, 0)}m` };
}

/** Returns a service beside the single container, which waits for it only and reaches its database and its volume. */
function beside(name: string, own: ComposeService): ComposeService {
  if (name === DATABASE_TOOLS) return toolsBeside(own);
  const { depends_on, networks } = own;
  const kept = Object.entries(depends_on ?? {}).filter(([other]) => !REPLACED.includes(other));
  return {
    ...own,
    ...(depends_on === undefined ? {} : { depends_on: Object.fromEntries(kept) }),
    ...(networks === undefined ? {} : { networks: withoutDatabase(networks) }),
    ...(name === BACKUP_SERVICE ? { volumes: own.volumes?.map(withUploads) } : {}),
  };
}

/** Postgres listens on the loopback of the single container alone, so the tools share its network. */
function toolsBeside({ networks: _, ...own }: ComposeService): ComposeService {
  return {
    ...own,
    network_mode: `service:${SERVER}`,
    environment: { ...own.environment, PGHOST: "127.0.0.1" },
    depends_on: { [SERVER]: { condition: "service_healthy", required: false } },
  };
}

type Volume = NonNullable<ComposeService["volumes"]>[number];

/** The single container keeps uploads in a folder of its one volume. */
const withUploads = (volume: Volume): Volume =>
  volume === "glitchtip-uploads:/uploads:ro"
    ? { type: "volume", source: DATA_VOLUME, target: "/uploads", read_only: true, volume: { subpath: "uploads" } }
    : volume;
