import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { ADMIN_PASSWORD, type MadeSecret, type SecretsRequest, secretFile } from "../config/secret-volumes.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { SETUP } from "../stack/service-names.ts";
import { containerOf, observeStack, type RunningStack } from "./observe.ts";

export interface FoundSecret {
  readonly value: Secret;
  /** ISO 8601; undefined where the engine does not tell. */
  readonly changedAt?: string;
}

/** The secrets of a stack in their volumes, by the container of the setup service, which need not run for it. */
export interface StackSecrets {
  read(name: MadeSecret, file?: "value" | "next"): Promise<FoundSecret | undefined>;
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
      remedy: "docker compose up -d --wait, then run it again.",
    });
  };
  let opened: Promise<{ readonly stack: RunningStack; readonly id: string }> | undefined;
  return {
    async read(name, file = "value") {
      opened ??= setupContainer(docker);
      const { stack, id } = await opened;
      const path = secretFile(name).replace(/value$/, file);
      const [text, changedAtMs] = await Promise.all([
        stack.engine.readFile(id, path),
        stack.engine.fileTimeMs(id, path),
      ]);
      if (!text) return undefined;
      const changedAt = changedAtMs === undefined ? undefined : new Date(changedAtMs).toISOString();
      return { value: new Secret(text), ...(changedAt !== undefined && { changedAt }) };
    },
    async write(values, as) {
      const revealed = Object.entries(values).map(([name, secret]) => [name, secret.reveal()] as const);
      await request({ action: "write", values: Object.fromEntries(revealed), as });
    },
    promote: (name) => request({ action: "promote", name }),
  };
}

/** Makes the container where there is none: it has the volumes mounted, and is not started. */
async function setupContainer(docker: Docker): Promise<{ readonly stack: RunningStack; readonly id: string }> {
  const stack = await observeStack(docker);
  const found = containerOf(stack, SETUP);
  if (found !== undefined) return { stack, id: found.id };
  if (stack.config.services[SETUP] === undefined) throw noSetup();
  await docker.compose.up({ services: [SETUP], flags: ["--no-start", "--no-deps"] });
  const made = await observeStack(docker);
  const id = containerOf(made, SETUP)?.id;
  if (id === undefined) throw noSetup();
  return { stack: made, id };
}

const noSetup = (): CodedError =>
  new CodedError("GC1605", `the stack has no service ${SETUP}, which keeps its secrets`, {
    remedy: "npx glitchtip-compose render, then docker compose up -d --wait",
  });

/** Returns the administrator's password that the stack made. Throws GC1107 where it has none yet. */
export async function madeAdminPassword(docker: Docker): Promise<Secret> {
  const found = await openStackSecrets(docker).read(ADMIN_PASSWORD);
  if (found !== undefined) return found.value;
  throw new CodedError("GC1107", "the stack has no administrator's password yet", {
    remedy: "docker compose up -d --wait makes it.",
  });
}
