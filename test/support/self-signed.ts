import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { findProgram } from "./shells.ts";

export const openssl = findProgram("openssl");

export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

/** Writes a self-signed certificate, valid from now on, and its key to these paths. The first name is the subject. */
export function makeSelfSigned({ certificate, key }: SelfSigned, names: readonly string[], days: number): void {
  if (openssl === undefined) throw new Error("this test needs openssl");
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(",");
  const subject = ["-subj", `/CN=${names[0]}`, "-addext", `subjectAltName=${alternatives}`, "-days", String(days)];
  execFileSync(openssl, [...request, ...subject, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  // openssl writes the key for its owner only, and root in Caddy's container has no capability to read another user's files.
  chmodSync(key, 0o644);
}
