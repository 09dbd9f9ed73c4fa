import { createPrivateKey, X509Certificate } from "node:crypto";

const DAY_MS = 24 * 60 * 60 * 1_000;
const NEAR_END_MS = 21 * DAY_MS;

/** The end of a certificate, and whether somebody has to act. */
export interface Expiry {
  /** ISO 8601. */
  readonly notAfter: string;
  readonly daysLeft: number;
  /** `near`: it should have been renewed by now. Caddy renews when a third of the lifetime is left. */
  readonly state: "ok" | "near" | "over" | "early";
}

export function expiryOf(certificate: Pick<X509Certificate, "validFrom" | "validTo">, nowMs: number): Expiry {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const leftMs = to - nowMs;
  // A certificate of Caddy's internal authority is valid for half a day only.
  const near = leftMs < Math.min((to - from) / 6, NEAR_END_MS);
  return {
    notAfter: new Date(to).toISOString(),
    daysLeft: Math.floor(leftMs / DAY_MS),
    state: leftMs <= 0 ? "over" : from > nowMs ? "early" : near ? "near" : "ok",
  };
}

/** Returns a line for each thing that is wrong with a certificate and its key for this domain. */
export function certificateProblems(certificatePem: string, keyPem: string, domain: string, nowMs: number): string[] {
  const certificate = parsed(() => new X509Certificate(certificatePem));
  const key = parsed(() => createPrivateKey(keyPem));
  if (certificate === undefined) return ["the certificate is no PEM certificate"];
  const problems: string[] = [];
  if (key === undefined) problems.push("the key is no PEM private key without a passphrase");
  else if (!certificate.checkPrivateKey(key)) problems.push("the key does not belong to the certificate");
  if (certificate.checkHost(domain) === undefined) {
    const names = certificate.subjectAltName?.replaceAll("DNS:", "") ?? certificate.subject;
    problems.push(`the certificate is not for ${domain}, but for ${names}`);
  }
  const { state, notAfter } = expiryOf(certificate, nowMs);
  if (state === "over") problems.push(`the certificate ended on ${notAfter.slice(0, 10)}`);
  if (state === "early") problems.push(`the certificate is valid only from ${certificate.validFrom} on`);
  return problems;
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
