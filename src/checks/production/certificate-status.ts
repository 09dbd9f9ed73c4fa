import type { Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import type { RunningStack } from "../../running/index.ts";
import { certificateVerdict } from "./live-points.ts";
import type { Verdict } from "./point.ts";
import { frontOf, type ServedCertificate, servedCertificate } from "./served.ts";

export type CertificateStatus = ServedCertificate & { readonly verdict: Verdict };

/** The certificate that browsers are shown; undefined where none is declared or nothing runs. */
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
