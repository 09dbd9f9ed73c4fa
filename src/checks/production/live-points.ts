import { counted } from "../../base/counted.ts";
import { containerProblem } from "../../running/index.ts";
import { SECURITY_HEADERS } from "../../stack/proxy.ts";
import { isStackService } from "../../stack/service-names.ts";
import { certificateVerdict } from "./certificate-status.ts";
import {
  failed,
  type HardeningPoint,
  noProxy,
  type ProductionFacts,
  passed,
  RESTART_WORKER,
  START,
  stackNotRunning,
  unknown,
  type Verdict,
} from "./point.ts";
import type { Answer, Asked } from "./served.ts";

/** Points about what runs, and about the answers that a browser gets. */
export const LIVE_POINTS: readonly HardeningPoint[] = [
  {
    id: "running",
    what: "every container is in its expected state",
    how: "state and health, as `status` shows them",
    check({ stack }) {
      if (stack === undefined) return stackNotRunning;
      const broken = stack.containers.flatMap((container) => {
        const problem = containerProblem({ ...container, oomKilled: false });
        return problem === undefined ? [] : [`${container.service} ${problem}`];
      });
      return broken.length === 0
        ? passed(counted(stack.containers.length, "container"))
        : failed(broken.join(", "), "npx glitchtip-compose status");
    },
  },
  {
    id: "applied",
    what: "the containers run with the settings in the files",
    how: "the hash that Compose keeps of each container's settings",
    check({ stack, hashes }) {
      if (stack === undefined || hashes === undefined) return stackNotRunning;
      const others = stack.containers.filter(
        ({ service, configHash }) =>
          isStackService(service) && configHash !== undefined && configHash !== hashes.get(service),
      );
      return others.length === 0
        ? passed("yes")
        : failed(`${others.map(({ service }) => service).join(", ")} runs with other settings`, START);
    },
  },
  {
    id: "memory-kills",
    what: "no process was killed for lack of memory, which no health check shows",
    how: "the engine's OOMKilled of each container, running or not",
    check({ stack }) {
      if (stack === undefined) return stackNotRunning;
      const killed = stack.containers.filter(({ oomKilled }) => oomKilled).map(({ service }) => service);
      return killed.length === 0
        ? passed("none")
        : failed(
            `a process of ${killed.join(", ")} was killed for lack of memory`,
            `Raise limits in glitchtip.yaml, then: npx glitchtip-compose init, ${START}`,
          );
    },
  },
  {
    id: "queue",
    what: "the worker takes work",
    how: "the age of the jobs that wait in the database; from generation 6 on its health check, too",
    check({ stack, backlog }) {
      if (stack === undefined) return stackNotRunning;
      if (backlog?.known && backlog.problem !== undefined) return failed(backlog.problem, RESTART_WORKER);
      const worker = stack.containers.find(({ service }) => service === "glitchtip-worker");
      if (backlog?.known || worker?.health === "healthy") return passed("it does");
      return unknown("this generation does not show it", "npx glitchtip-compose verify sends an event through it.");
    },
  },
  {
    id: "certificate",
    what: "browsers accept the certificate, and it is renewed in time",
    how: "a TLS connection under the domain's name",
    check(seen) {
      const { certificate, workspace } = seen;
      const missing = notServed(seen);
      if (missing !== undefined) return missing;
      return certificate === undefined
        ? stackNotRunning
        : certificateVerdict(certificate, workspace.declaration.production);
    },
  },
  {
    id: "redirect",
    what: "plain http leads to https",
    how: "a request to port 80",
    check: (seen) =>
      answered(seen, seen.answers?.http, ({ status, headers }) =>
        status >= 301 && status <= 308 && String(headers.location).startsWith("https://")
          ? passed(`${status} to ${headers.location}`)
          : failed(`http is answered with ${status}`, "Let the proxy redirect http to https."),
      ),
  },
  {
    id: "headers",
    what: "browsers get the security headers",
    how: "security headers of an answer by https",
    check: (seen) =>
      answered(seen, seen.answers?.https, ({ headers }) => {
        const missing = SECURITY_HEADERS.filter((name) => headers[name.toLowerCase()] === undefined);
        return missing.length === 0
          ? passed(SECURITY_HEADERS.join(", "))
          : failed(`answers lack ${missing.join(", ")}`, "Take them over from .glitchtip/proxy, or restart the proxy.");
      }),
  },
  {
    id: "body-size",
    what: "a single request cannot fill memory or disk",
    how: "a body just over the limit is refused with 413",
    check: (seen) =>
      answered(seen, seen.answers?.tooLarge, ({ status }) =>
        status === 413
          ? passed("refused with 413")
          : failed(
              `a body over the limit is answered with ${status}`,
              "Take the limits over from .glitchtip/proxy, or restart the proxy.",
            ),
      ),
  },
];

/** Returns why nothing of ours answers to the public, or undefined. */
function notServed({ stack, workspace }: ProductionFacts): Verdict | undefined {
  if (workspace.declaration.production === undefined) return noProxy;
  return stack === undefined ? stackNotRunning : undefined;
}

function answered(seen: ProductionFacts, asked: Asked | undefined, judge: (answer: Answer) => Verdict): Verdict {
  const missing = notServed(seen);
  if (missing !== undefined) return missing;
  if (asked === undefined) return stackNotRunning;
  if (asked.known) return judge(asked);
  return unknown(
    `no answer: ${asked.reason}`,
    "Check from where your users are; from this machine the proxy is not reached.",
  );
}
