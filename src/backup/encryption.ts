import type { Encrypter } from "age-encryption";
import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { safePath } from "./manifest.ts";

/** Who may read the secrets in a backup: whoever knows the passphrase, or whoever holds one of these age keys. */
type EncryptionKey = { readonly passphrase: Secret } | { readonly recipients: readonly string[] };
export type DecryptionKey = { readonly passphrase: Secret } | { readonly identities: readonly Secret[] };

export interface WorkspaceFile {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** Encrypts the files of a backup that hold secrets. */
export interface FileEncryption {
  readonly kind: "passphrase" | "recipients";
  encrypt(files: readonly WorkspaceFile[]): Promise<Uint8Array>;
}

/** The cryptography is 200 kB: it is loaded by who encrypts, not by every command that knows of backups. */
const loadAge = () => import("age-encryption");

const shape = z.array(z.object({ path: safePath, content: z.string(), mode: z.number() }));

const LEAST_PASSPHRASE_LENGTH = 12;

/** Throws GC1001 for a passphrase that is too short, and for what is not an age recipient. */
export async function encryptionWith(key: EncryptionKey): Promise<FileEncryption> {
  const { Encrypter } = await loadAge();
  checkKey(key, () => new Encrypter());
  return {
    kind: "passphrase" in key ? "passphrase" : "recipients",
    async encrypt(files) {
      const age = new Encrypter();
      if ("passphrase" in key) age.setPassphrase(key.passphrase.reveal());
      else for (const recipient of key.recipients) age.addRecipient(recipient);
      return await age.encrypt(JSON.stringify(files));
    },
  };
}

function checkKey(key: EncryptionKey, newEncrypter: () => Encrypter): void {
  if ("passphrase" in key) {
    if ([...key.passphrase.reveal()].length >= LEAST_PASSPHRASE_LENGTH) return;
    throw new CodedError("GC1001", `the passphrase has fewer than ${LEAST_PASSPHRASE_LENGTH} characters`, {
      remedy: "Take several random words; age -p generates some.",
    });
  }
  for (const recipient of key.recipients) {
    try {
      newEncrypter().addRecipient(recipient);
    } catch (cause) {
      // Only a public key is shown: what was given may be the secret key.
      const shown = /^age1[0-9a-z]+$/.test(recipient) ? recipient : "what was given";
      throw new CodedError("GC1001", `${shown} is no age recipient`, {
        remedy: "A recipient is the public key that age-keygen prints, age1…",
        cause,
      });
    }
  }
}

/** Throws GC1806 for a wrong key, and for files whose path leaves the backup. */
export async function decryptFiles(encrypted: Uint8Array, key: DecryptionKey): Promise<WorkspaceFile[]> {
  const { Decrypter } = await loadAge();
  const age = new Decrypter();
  const what = "passphrase" in key ? "passphrase" : "identity";
  try {
    if ("passphrase" in key) age.addPassphrase(key.passphrase.reveal());
    else for (const identity of key.identities) age.addIdentity(identity.reveal());
    return z.parse(shape, JSON.parse(await age.decrypt(encrypted, "text")));
  } catch (cause) {
    throw new CodedError("GC1806", `the secrets of the backup do not open with this ${what}`, {
      remedy: `Give the ${what} that the backup was created with, or restore without its secrets: --without-secrets`,
      cause,
    });
  }
}
