import { CodedError } from "../base/errors.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { containerOf, observeStack, programInside, stackNotStarted } from "../running/index.ts";
import { CARE_SERVICE, SERVER, WORKER } from "../stack/service-names.ts";
import type { CareFinding } from "./finding.ts";
import type { RestartReport } from "./report.ts";

const PROGRAM = "/opt/glitchtip-compose/care.mjs";
/** Time for two processes, each with one minute to end and two to be ready. */
const WITHIN_MS = 480_000;

/** What the care service answers, by the word that it is called with. */
interface Answers {
  readonly once: { readonly findings: readonly CareFinding[] };
  readonly restart: RestartReport;
  readonly report: { readonly restarts: readonly RestartReport[] };
}

/** The services of the roles where each is a container of its own. */
const SERVICES: Readonly<Record<string, string>> = { web: SERVER, worker: WORKER };

/**
 * Calls the running care service. `services` may name roles, web and worker, as well as services. Its log lines go to
 * `say`.
 */
export async function askCare<Word extends keyof Answers>(
  docker: Docker,
  word: Word,
  services: readonly string[],
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Answers[Word]> {
  const stack = await observeStack(docker);
  if (stack.config.services[CARE_SERVICE] === undefined) {
    throw new CodedError("GC1104", `this stack has no ${CARE_SERVICE}`, {
      remedy:
        "Write care: {restart: {}} into glitchtip.yaml, then: npx glitchtip-compose init, docker compose up -d --wait",
    });
  }
  const container = containerOf(stack, CARE_SERVICE);
  if (container?.state !== "running") throw stackNotStarted(stack.config.name);
  const names = services.map((name) => programInside(stack.config.services, name) ?? SERVICES[name] ?? name);
  const ended = await docker.cli(["exec", container.id, "node", PROGRAM, word, ...names], {
    deadlineMs: WITHIN_MS,
    signal,
    onStderrLine: say,
  });
  try {
    return JSON.parse(ended.stdout);
  } catch (cause) {
    throw new CodedError("GC1605", `${CARE_SERVICE} gave no answer (exit ${ended.code})`, {
      problems: lastLines(ended.stderr, 3),
      remedy: `docker compose logs --tail 50 ${CARE_SERVICE}`,
      cause,
    });
  }
}
