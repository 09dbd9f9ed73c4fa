import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openReferences } from "../../src/references/resolver.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { findProgram } from "../support/shells.ts";
import { VaultDouble } from "../support/vault-double.ts";
import { TemporaryFolder } from "../support/workspace.ts";

const openssl = findProgram("openssl");
if (openssl === undefined) process.stderr.write("skipped, no openssl here: TLS towards Vault\n");

it.skipIf(openssl === undefined)(
  "a Vault behind TLS is trusted by the authority that is given, and by no other",
  async () => {
    using folder = new TemporaryFolder();
    const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "ca.pem")];
    const subject = ["-subj", "/CN=vault", "-addext", "subjectAltName=IP:127.0.0.1"];
    const make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    execFileSync(openssl ?? "", [...make, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
    await using secure = new VaultDouble({ tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } });
    secure.v2.set("secret/apps/hook", [{ url: "https://secure" }]);
    const env = { VAULT_ADDR: await secure.listen(), VAULT_TOKEN: secure.makeToken([""]) };
    const read = async (more: Readonly<Record<string, string>>, ca?: string) => {
      const { signal } = new AbortController();
      const vault = ca === undefined ? undefined : { ca };
      const references = openReferences({
        dir: folder.path,
        env: { ...env, ...more },
        clock: fakeClock(),
        signal,
        vault,
      });
      try {
        return (await references.resolve("vault:secret/apps/hook#url")).reveal();
      } catch (error) {
        return String(error);
      } finally {
        await references.close();
      }
    };
    expect(await read({ VAULT_CACERT: cert })).toBe("https://secure");
    expect(await read({}, "ca.pem")).toBe("https://secure");
    expect(await read({})).toMatch(/TLS failed \(.*SELF_SIGNED.*\)$/);
    expect(await read({}, "key.pem")).toMatch(/vault\.ca: key\.pem holds no certificate$/);
  },
);
