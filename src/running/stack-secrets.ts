import { dirname } from "node:path/posix";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import {
  ADMIN_PASSWORD,
  type MadeSecret,
  type SecretsRequest,
  secretFile,
  secretVolume,
} from "../config/secret-volumes.ts";
import { type Container, type Docker, type Engine, lastLines } from "../docker/index.ts";
import { SETUP } from "../stack/service-names.ts";
import { containerOf, observeStack, type RunningStack } from "./observe.ts";

export interface FoundSecret {
  readonly value: Secret;
  /** ISO 8601; undefined where the engine does not tell. */
  readonly changedAt?: string;
}

/** The secrets of a stack in their volumes. Reading makes neither volumes nor containers that stay. */
export interface StackSecrets {
  read(name: string, file?: "value" | "next" | "mark"): Promise<FoundSecret | undefined>;
  /** Writes values by secret. `missing` keeps those that are there; `next` keeps the one in use until `promote`. */
  write(values: Readonly<Record<string, Secret>>, as: "value" | "next" | "missing"): Promise<void>;
  promote(name: MadeSecret): Promise<void>;
}

export function openStackSecrets(docker: Docker): StackSecrets {
  const request = async (asked: SecretsRequest): Promise<void> => {
    const { code, stderr } = await docker.compose.run(SETUP, ["secrets"], { stdin: JSON.stringify(asked) });
    if (code === 0) return;
    throw new CodedError("GC1605", `${SETUP} could not write the secret into its volume`, {
      problems: lastLines(stderr, 3),
      remedy: "docker compose up -d --wait, then run the command again.",
    });
  };
  let observed: Promise<RunningStack> | undefined;
  return {
    async read(name, file = "value") {
      observed ??= observeStack(docker);
      const stack = await observed;
      const read = (id: string) => readSecret(stack.engine, id, secretFile(name).replace(/value$/, file));
      const container = containerWith(stack, name);
      if (container !== undefined) return await read(container.id);
      const setup = stack.config.services[SETUP];
      if (setup === undefined) throw noSetup();
      const volume = stack.config.volumes?.[secretVolume(name)]?.name;
      if (volume === undefined || !(await stack.engine.hasVolume(volume))) return undefined;
      const { image = "" } = setup;
      if ((await stack.engine.imageStart(image)) === undefined) throw noImage(image);
      return await stack.engine.withVolumes(image, { [folderOf(name)]: volume }, read);
    },
    async write(values, as) {
      const revealed = Object.entries(values).map(([name, secret]) => [name, secret.reveal()] as const);
      await request({ action: "write", values: Object.fromEntries(revealed), as });
    },
    promote: (name) => request({ action: "promote", name }),
  };
}

const folderOf = (name: string): string => dirname(secretFile(name));

/** Returns a container that has the secret's volume, running or not: that of the setup service, or of a reader. */
const containerWith = (stack: RunningStack, name: string): Container | undefined =>
  containerOf(stack, SETUP) ??
  stack.containers.find(({ mounts }) => mounts.some(({ path }) => path === folderOf(name)));

async function readSecret(engine: Engine, id: string, path: string): Promise<FoundSecret | undefined> {
  const [text, changedAtMs] = await Promise.all([engine.readFile(id, path), engine.fileTimeMs(id, path)]);
  if (!text) return undefined;
  const changedAt = changedAtMs === undefined ? undefined : new Date(changedAtMs).toISOString();
  return { value: new Secret(text), ...defined({ changedAt }) };
}

const noImage = (image: string): CodedError =>
  new CodedError("GC1605", `the secrets are in their volumes, and no image is here to read them with: ${image}`, {
    remedy: `docker compose pull ${SETUP}, or docker compose up -d --wait`,
  });

const noSetup = (): CodedError =>
  new CodedError("GC1605", `the stack has no service ${SETUP}, which keeps its secrets`, {
    remedy: "npx glitchtip-compose render, then docker compose up -d --wait",
  });

/** Returns the administrator's password that the stack made. Throws GC1107 where it has none yet. */
export async function madeAdminPassword(docker: Docker): Promise<Secret> {
  const found = await openStackSecrets(docker).read(ADMIN_PASSWORD);
  if (found !== undefined) return found.value;
  throw new CodedError("GC1107", "the stack has no administrator's password yet", {
    remedy: "docker compose up -d --wait creates it.",
  });
}
