import type { Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import type { RunningStack } from "../../running/index.ts";
import { failed, passed, unknown, type Verdict } from "./point.ts";
import { frontOf, type ServedCertificate, servedCertificate } from "./served.ts";

export type CertificateStatus = ServedCertificate & { readonly verdict: Verdict };

/** Reads the certificate that browsers get. Returns undefined where none is declared or nothing runs. */
export async function certificateStatus(
  docker: Docker,
  declaration: Declaration,
  stack: RunningStack,
  nowMs: number,
): Promise<CertificateStatus | undefined> {
  const front = stack.containers.length === 0 ? undefined : await frontOf(docker, declaration, stack);
  if (front === undefined) return undefined;
  const certificate = await servedCertificate(front, nowMs);
  return { ...certificate, verdict: certificateVerdict(certificate, declaration.production) };
}

/** Whether a connection failed because its name does not resolve, by Node's message: "getaddrinfo ENOTFOUND NAME". */
const isWithoutDns = (reason: string): boolean => /\bgetaddrinfo (?:ENOTFOUND|ENODATA)\b/.test(reason);

/** Decides whether somebody has to do something about the certificate. */
export function certificateVerdict(seen: ServedCertificate, production: Declaration["production"]): Verdict {
  const own = production?.tls.mode === "own";
  const ours = production?.proxy === "caddy";
  const log = ours ? "npx glitchtip-compose logs proxy" : "Its proxy's log";
  const dns = `Add a DNS record for ${production?.domain ?? "the domain"} that leads to this host.`;
  if (!seen.known)
    return unknown(`none was shown: ${seen.reason}`, isWithoutDns(seen.reason) ? dns : `${log} shows why.`);
  const { forDomain, trusted, why, state, notAfter } = seen;
  const renew = own
    ? `Put the new certificate and key in place, then ${ours ? "npx glitchtip-compose restart proxy" : "restart the proxy"}.`
    : `${log} shows why it is not renewed.`;
  if (state === "over") return failed(`it ended on ${notAfter}`, renew);
  if (!forDomain) return failed("it is for another name", "Check production.domain and the proxy.");
  if (state === "early") return failed("it is not valid yet", "Check the host's clock and the certificate.");
  // A certificate of one's own may come from an authority that only the users' browsers know.
  if (!trusted && !own) return failed(`browsers do not accept it: ${why}`, renew);
  return state === "near" ? failed(`it ends on ${notAfter} and was not renewed`, renew) : passed(`until ${notAfter}`);
}
