import { CodedError } from "../../base/errors.ts";
import { Secret } from "../../base/secret.ts";
import type { VaultReference } from "../reference.ts";
import type { ReferencesContext } from "../resolver.ts";
import { fieldOf, reasonOf, type VaultAnswer } from "./answers.ts";
import { chosenField, type Mount, missingSecret, mountIn } from "./kv-secret.ts";
import { openVaultRequests } from "./requests.ts";
import { openSession } from "./session.ts";
import { type ReadLocal, vaultSettings } from "./settings.ts";

/** A Vault, or a server with the same API, during one run. */
export interface Vault {
  read(reference: VaultReference): Promise<Secret>;
  close(): Promise<void>;
}

interface Fields {
  readonly values: Readonly<Record<string, unknown>>;
  /** KV v1 may answer with a lease, after which the secret is read again. */
  readonly untilMs: number;
}

export function openVault(context: ReferencesContext, readLocal: ReadLocal): Vault {
  const settings = vaultSettings(context, readLocal);
  const requests = openVaultRequests(settings, context);
  const session = openSession(requests, settings.login, context.clock);
  const server = `[${settings.url}]`;
  const mounts: Mount[] = [];
  let looking: Promise<unknown> = Promise.resolve();
  const asked = new Map<string, Promise<Fields>>();

  /** Looks mounts up one after the other, so that secrets of one mount that are wanted together ask for it once. */
  const mountOf = async (path: string): Promise<Mount> => {
    const mount = looking.then(() => lookForMount(path));
    looking = mount.catch(() => undefined);
    return await mount;
  };

  const lookForMount = async (path: string): Promise<Mount> => {
    // A mount never lies below another one.
    const known = mounts.find((mount) => path.startsWith(mount.path));
    if (known !== undefined) return known;
    const answer = await session.send({ method: "GET", path: `sys/internal/ui/mounts/${encoded(path)}` });
    if (answer.status === 403 || answer.status === 404) throw await denied(path, answer);
    const found = answer.status >= 300 ? undefined : mountIn(answer.json, path);
    if (found === undefined) throw strange(path, answer);
    if (found.type !== "kv" && found.type !== "generic") {
      throw new CodedError("GC1702", `${server} ${found.path} is no KV store but one of type ${found.type}: ${path}`, {
        remedy: "Name a secret in a KV store, version 1 or 2.",
      });
    }
    mounts.push(found);
    return found;
  };

  const ask = async (reference: VaultReference): Promise<Fields> => {
    const { path, version } = reference;
    const mount = await mountOf(path);
    if (mount.version === 1 && version !== undefined) {
      throw new CodedError("GC1107", `${server} ${mount.path} is KV version 1, which keeps no versions: ${path}`, {
        remedy: "Leave out ?version=.",
      });
    }
    const answer = await session.send({ method: "GET", path: pathOf(mount, reference) });
    if (answer.status === 403) throw await denied(path, answer);
    if (answer.status === 404) throw missingSecret(server, reference, mount, answer);
    const fields = readFields(mount, answer, context.clock.now());
    if (fields === undefined) throw strange(path, answer);
    return fields;
  };

  /** Keeps the latest version and a version by its number apart: the latest may have changed. */
  const fieldsOf = async (reference: VaultReference): Promise<Fields> => {
    const name = `${reference.path}?${reference.version ?? ""}`;
    const known = asked.get(name);
    if (known !== undefined && (await known).untilMs > context.clock.now()) return await known;
    const asking = ask(reference);
    asked.set(name, asking);
    asking.catch(() => asked.delete(name));
    return await asking;
  };

  const denied = async (path: string, answer: VaultAnswer): Promise<CodedError> => {
    const good = await session.tokenIsGood();
    const what = good ? `Access denied: ${path}` : `Access denied: ${path}; the token has expired or was never valid`;
    const remedy = good
      ? "Give the token's policy the right to read it, and check the path, its mount and the namespace."
      : "Get a new token (VAULT_TOKEN, vault.token), and check the namespace (VAULT_NAMESPACE, vault.namespace).";
    return new CodedError("GC1702", `${server} ${what}`, { remedy, cause: new Error(reasonOf(answer)) });
  };

  const strange = (path: string, answer: VaultAnswer): CodedError =>
    new CodedError("GC1701", `${server} the answer for ${path} is not Vault's: ${reasonOf(answer)}`, {
      remedy: "Check that VAULT_ADDR (vault.url) is the address of a Vault.",
    });

  return {
    async read(reference) {
      const { values } = await fieldsOf(reference);
      return new Secret(chosenField(server, reference, values));
    },
    close: () => requests.close(),
  };
}

const encoded = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** Returns the path of a secret in Vault's API; KV version 2 has its contents below `data/`. */
function pathOf(mount: Mount, { path, version }: VaultReference): string {
  const data = mount.version === 2 ? "data/" : "";
  const query = version === undefined ? "" : `?version=${version}`;
  return encoded(mount.path) + data + encoded(path.slice(mount.path.length)) + query;
}

/** Returns undefined for an answer that is not Vault's. */
function readFields(mount: Mount, { status, json }: VaultAnswer, nowMs: number): Fields | undefined {
  const outer = fieldOf(json, "data");
  const values = mount.version === 2 ? fieldOf(outer, "data") : outer;
  if (status >= 300 || typeof values !== "object" || values === null) return undefined;
  const seconds = mount.version === 1 ? Number(fieldOf(json, "lease_duration") ?? 0) : 0;
  return { values: { ...values }, untilMs: seconds > 0 ? nowMs + seconds * 1_000 : Number.POSITIVE_INFINITY };
}
