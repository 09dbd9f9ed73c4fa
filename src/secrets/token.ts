import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import type { Docker } from "../docker/index.ts";
import { signIn } from "../glitchtip/session.ts";
import type { Transport } from "../glitchtip/transport.ts";
import { containerOf, observeStack } from "../running/index.ts";
import { PROVISIONER } from "../stack/service-names.ts";

export interface TokenContext {
  readonly docker: Docker;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly email: string;
  readonly password: Secret;
  say(text: string): void;
}

const WITHIN_MS = 300_000;

/**
 * Deletes the provisioner's token and lets it create another one. After a kill in between, the next run of the
 * provisioner creates it. `ended` is the number of deleted tokens.
 */
export async function changeToken({ docker, say, ...context }: TokenContext): Promise<{ readonly ended: number }> {
  const stack = await observeStack(docker);
  const provisioner = containerOf(stack, PROVISIONER);
  if (provisioner === undefined) {
    throw new CodedError("GC1605", `${PROVISIONER} has no container`, { remedy: "docker compose up -d --wait" });
  }
  const text = await stack.engine.readFile(provisioner.id, "/state/state.json");
  const { token } = JSON.parse(text ?? "{}") as { token?: { id?: string } };
  say("revoking the old token");
  const session = await signIn(context);
  const old = (await session.tokens()).filter(({ id }) => id === token?.id);
  for (const { id } of old) await session.deleteToken(id);
  await session.signOut();
  say("creating a new token");
  await docker.compose.up({ services: [PROVISIONER], flags: ["--detach", "--force-recreate", "--no-deps"] });
  const made = containerOf(await observeStack(docker), PROVISIONER);
  const ended = await docker.cli(["wait", made?.id ?? provisioner.id], { deadlineMs: WITHIN_MS });
  if (ended.stdout.trim() === "0") return { ended: old.length };
  throw new CodedError("GC1605", `${PROVISIONER} ended with ${ended.stdout.trim()}; the old token is gone`, {
    remedy: `npx glitchtip-compose logs provision; then docker compose up -d --wait creates a new one`,
  });
}
