import type { Declaration } from "../../config/schema.ts";
import { containerProblem } from "../../running/index.ts";
import { SECURITY_HEADERS } from "../../stack/proxy.ts";
import { isStackService } from "../../stack/service-names.ts";
import {
  fail,
  type HardeningPoint,
  notRunning,
  pass,
  RESTART_WORKER,
  type Seen,
  START,
  unknown,
  type Verdict,
} from "./point.ts";
import type { Answer, Asked, ServedCertificate } from "./served.ts";

/** What runs, and what a browser is answered. */
export const LIVE: readonly HardeningPoint[] = [
  {
    id: "running",
    what: "every container does its part",
    how: "state and health, as `status` shows them",
    check({ stack }) {
      if (stack === undefined) return notRunning;
      const broken = stack.containers.flatMap((container) => {
        const problem = containerProblem({ ...container, oomKilled: false });
        return problem === undefined ? [] : [`${container.service} ${problem}`];
      });
      return broken.length === 0
        ? pass(`${stack.containers.length} containers`)
        : fail(broken.join(", "), "npx glitchtip-compose status");
    },
  },
  {
    id: "applied",
    what: "what runs is what the files say, so what this table says of them",
    how: "Compose's mark of each container's settings",
    check({ stack, hashes }) {
      if (stack === undefined || hashes === undefined) return notRunning;
      const others = stack.containers.filter(
        ({ service, configHash }) =>
          isStackService(service) && configHash !== undefined && configHash !== hashes.get(service),
      );
      return others.length === 0
        ? pass("it is")
        : fail(`${others.map(({ service }) => service).join(", ")} runs with other settings`, START);
    },
  },
  {
    id: "memory-kills",
    what: "no process was killed for lack of memory, which no health check shows",
    how: "the engine's OOMKilled of each container, running or not",
    check({ stack }) {
      if (stack === undefined) return notRunning;
      const killed = stack.containers.filter(({ oomKilled }) => oomKilled).map(({ service }) => service);
      return killed.length === 0
        ? pass("none")
        : fail(killed.join(", "), `Raise limits in glitchtip.yaml, then: npx glitchtip-compose init, ${START}`);
    },
  },
  {
    id: "queue",
    what: "the worker takes work",
    how: "the age of the jobs that wait in the database; from generation 6 on its health check, too",
    check({ stack, backlog }) {
      if (stack === undefined) return notRunning;
      if (backlog?.stuck) return fail("jobs wait and none is taken", RESTART_WORKER);
      const worker = stack.containers.find(({ service }) => service === "glitchtip-worker");
      if (backlog?.known || worker?.health === "healthy") return pass("it does");
      return unknown("this generation does not tell", "npx glitchtip-compose verify sends an event through it.");
    },
  },
  {
    id: "certificate",
    what: "browsers accept the certificate, and it is renewed in time",
    how: "a TLS connection under the domain's name",
    check: ({ stack, certificate, project }) =>
      stack === undefined || certificate === undefined
        ? notRunning
        : certificateVerdict(certificate, project.declaration.production),
  },
  {
    id: "redirect",
    what: "plain http leads to https",
    how: "a request to port 80",
    check: (seen) =>
      answered(seen, seen.asked?.http, ({ status, headers }) =>
        status >= 301 && status <= 308 && String(headers.location).startsWith("https://")
          ? pass(`${status} to ${headers.location}`)
          : fail(`http is answered with ${status}`, "Let the proxy redirect http to https."),
      ),
  },
  {
    id: "headers",
    what: "browsers are told what not to do with its pages",
    how: "security headers of an answer by https",
    check: (seen) =>
      answered(seen, seen.asked?.https, ({ headers }) => {
        const missing = SECURITY_HEADERS.filter((name) => headers[name.toLowerCase()] === undefined);
        return missing.length === 0
          ? pass(SECURITY_HEADERS.join(", "))
          : fail(`missing: ${missing.join(", ")}`, "Take them over from .glitchtip/proxy, or restart the proxy.");
      }),
  },
  {
    id: "body-size",
    what: "nobody fills memory and disk by one request",
    how: "a body just over the limit is refused with 413",
    check: (seen) =>
      answered(seen, seen.asked?.tooLarge, ({ status }) =>
        status === 413
          ? pass("refused with 413")
          : fail(`answered with ${status}`, "Take the limits over from .glitchtip/proxy, or restart the proxy."),
      ),
  },
];

function answered({ stack }: Seen, asked: Asked | undefined, judge: (answer: Answer) => Verdict): Verdict {
  if (stack === undefined || asked === undefined) return notRunning;
  if (asked.known) return judge(asked);
  return unknown(`no answer: ${asked.reason}`, "Look from where your users are; here the proxy is not reached.");
}

/** Whether somebody has to do something about the certificate. */
export function certificateVerdict(seen: ServedCertificate, production: Declaration["production"]): Verdict {
  const own = production?.tls.mode === "own";
  const ours = production?.proxy === "caddy";
  const log = ours ? "npx glitchtip-compose logs proxy" : "Its proxy's log";
  if (!seen.known) return unknown(`none was shown: ${seen.reason}`, `${log} tells why.`);
  const { forDomain, trusted, why, state, notAfter } = seen;
  const renew = own
    ? `Put the new certificate and key in place, then ${ours ? "npx glitchtip-compose restart proxy" : "restart the proxy"}.`
    : `${log} tells why it is not renewed.`;
  if (state === "over") return fail(`it ended on ${notAfter}`, renew);
  if (!forDomain) return fail("it is for another name", "Check production.domain and the proxy.");
  if (state === "early") return fail("it is not valid yet", "Check the host's clock and the certificate.");
  // Who gives one of their own may have an authority that only their browsers know.
  if (!trusted && !own) return fail(`browsers do not accept it: ${why}`, renew);
  return state === "near" ? fail(`it ends on ${notAfter} and was not renewed`, renew) : pass(`until ${notAfter}`);
}
