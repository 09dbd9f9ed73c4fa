import type { VaultCopy } from "../../workspace/index.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const INIT = "npx glitchtip-compose init";

/** Whether containers get what Vault has: they read a copy. */
export function checkVaultCopies(copies: readonly VaultCopy[]): Finding[] {
  const findings = copies.flatMap(({ key, path, reference, state, problem }) => {
    if (state === "new") return [fail("vault", `${key}: ${path}, the copy of ${reference}, is missing`, INIT)];
    if (state === "changed") {
      const fix = `${INIT} && docker compose up -d --force-recreate`;
      return [fail("vault", `${key}: ${path} is stale: ${reference} holds something else now`, fix)];
    }
    if (problem === undefined) return [];
    return [warn("vault", `${key}: ${path} cannot be compared: ${problem.message}`, problem.remedy ?? INIT)];
  });
  return copies.length > 0 && findings.length === 0
    ? [ok("vault", "the copies for containers are as in Vault")]
    : findings;
}
