import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";

/** Encrypts what holds secrets before it goes into the engine. */
export interface Seal {
  seal(...bytes: readonly Buffer[]): Buffer;
  /** Throws GC2004 for what was sealed with another secret. */
  open(sealed: Buffer): Buffer;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Returns a seal (AES-256-GCM) whose key is derived from a secret of the service. */
export function sealWith(secret: Secret): Seal {
  const key = Buffer.from(hkdfSync("sha256", secret.reveal(), "", "glitchtip-compose seal", 32));
  return {
    seal(...bytes) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
      const body = [...bytes.map((some) => cipher.update(some)), cipher.final()];
      return Buffer.concat([iv, cipher.getAuthTag(), ...body]);
    },
    open(sealed) {
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const body = decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES));
        return Buffer.concat([body, decipher.final()]);
      } catch (cause) {
        throw new CodedError("GC2004", "a request in the queue cannot be decrypted", {
          remedy: "Give every process of the service the same --secret.",
          cause,
        });
      }
    },
  };
}
