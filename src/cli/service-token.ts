import { randomUUID } from "node:crypto";
import { counted } from "../base/counted.ts";
import { CodedError } from "../base/errors.ts";
import { lastLines, openDocker } from "../docker/index.ts";
import { openReferences } from "../references/resolver.ts";
import { containerOf, observeStack, stackNotStarted } from "../running/index.ts";
import { SERVICE_API } from "../stack/service-names.ts";
import { badValues } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { loadService, rethrowing, wholeNumber } from "./service-bundle.ts";

export interface TokenFlags {
  readonly subject?: string;
  readonly secret?: string;
  readonly scope: readonly string[];
  readonly server: readonly string[];
  readonly days: string;
  readonly issuer: string;
  readonly audience: string;
}

interface WantedToken {
  readonly subject: string;
  readonly id: string;
  readonly scopes: readonly string[];
  readonly servers: readonly string[];
  readonly days: number;
}

/** Makes a token of the API, by the secret that is given, or in the stack's own service. */
export async function printToken(context: CliContext, flags: TokenFlags): Promise<void> {
  const { subject, secret, scope, server } = flags;
  const days = wholeNumber(flags.days, 1, 366);
  const unknown = scope.filter((one) => one !== "plan" && one !== "apply");
  const problems = [
    ...(subject ? [] : ["--subject is missing"]),
    ...(days === undefined ? [`--days ${flags.days}: this is no number from 1 to 366`] : []),
    ...unknown.map((one) => `--scope ${one}: must be plan or apply`),
  ];
  if (problems.length > 0 || !subject || days === undefined) throw badValues(problems);
  const scopes = scope.length === 0 ? ["plan"] : scope;
  const servers = server.length === 0 ? ["*"] : server;
  const wanted = { subject, id: randomUUID(), scopes, servers, days };
  const token = secret === undefined ? await stackToken(context, wanted) : await signed(context, secret, flags, wanted);
  const { id } = wanted;
  context.log.info(
    `a token of ${subject} (jti:${id}) for ${servers.join(", ")}: ${scopes.join(", ")}; ${counted(days, "day")}`,
  );
  context.print(context.json ? JSON.stringify({ token, ...wanted }) : token);
}

async function signed(
  { dir, env, clock, signal, log }: CliContext,
  secret: string,
  { issuer, audience }: TokenFlags,
  wanted: WantedToken,
): Promise<string> {
  const references = openReferences({ dir, env, clock, signal, say: log.step });
  try {
    const key = await references.resolve(secret, "--secret");
    const { signToken } = await loadService();
    return await rethrowing(() => signToken(key, { ...wanted, issuer, audience }, clock.now()));
  } finally {
    await references.close();
  }
}

const PROGRAM = "/opt/glitchtip-compose/serve.mjs";
const WITHIN_MS = 60_000;

/** The key of the stack's service does not leave its volume, so the token is made beside it. */
async function stackToken(context: CliContext, { subject, id, scopes, servers, days }: WantedToken): Promise<string> {
  const docker = openDocker(context);
  const stack = await observeStack(docker);
  if (stack.config.services[SERVICE_API] === undefined) {
    throw new CodedError("GC1001", "--secret is missing, and this stack has no service of its own", {
      remedy:
        "Name the secret of the service: --secret file:PATH. Or add a service: npx glitchtip-compose init --service",
    });
  }
  const container = containerOf(stack, SERVICE_API);
  if (container?.state !== "running") throw stackNotStarted(stack.config.name);
  const words = [
    ...["--subject", subject, "--id", id, "--days", String(days)],
    ...scopes.flatMap((scope) => ["--scope", scope]),
    ...servers.flatMap((server) => ["--server", server]),
  ];
  const { code, stdout, stderr } = await docker.cli(["exec", container.id, "node", PROGRAM, "token", ...words], {
    deadlineMs: WITHIN_MS,
    signal: context.signal,
  });
  if (code === 0) return stdout.trim();
  throw new CodedError("GC1605", `${SERVICE_API} created no token (exit ${code})`, {
    problems: lastLines(stderr, 3),
    remedy: `docker compose logs --tail 50 ${SERVICE_API}`,
  });
}
