import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import * as z from "zod/mini";
import { readIfThere, writeAll } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import type { Known } from "../glitchtip/identity.ts";

const identity = { id: z.string(), slug: z.string(), dateCreated: z.string() };

const keyOfRotation = z.object({ id: z.string(), key: z.string(), proved: z.optional(z.boolean()) });

const rotation = z.object({
  step: z.enum(["making", "made", "published"]),
  retiring: keyOfRotation,
  successor: z.optional(keyOfRotation),
  startedAtMs: z.number(),
  publishedAtMs: z.optional(z.number()),
  keysBefore: z.optional(z.readonly(z.array(z.string()))),
  back: z.optional(z.object({ retiringSinceMs: z.number() })),
});

const stateShape = z.object({
  version: z.literal(1),
  token: z.optional(z.object({ id: z.string(), value: z.string() })),
  organization: z.optional(z.object(identity)),
  projects: z.record(
    z.string(),
    z.object({
      ...identity,
      keyId: z.optional(z.string()),
      key: z.optional(z.string()),
      proved: z.optional(z.boolean()),
      rotation: z.optional(rotation),
    }),
  ),
  provedAt: z.optional(z.string()),
  provedRun: z.optional(z.string()),
  refusedPassword: z.optional(z.object({ salt: z.string(), hash: z.string() })),
});

type Stored = z.infer<typeof stateShape>;

/** What a provisioner remembers between runs, in a file of mode 0600 that is replaced atomically. */
export interface StateStore extends Known {
  readonly token: Secret | undefined;
  /** When an event last went through server and worker, as an ISO date. */
  readonly provedAt: string | undefined;
  /** The name of the database's run in which that was. */
  readonly provedRun: string | undefined;
  setToken(id: string, token: Secret | undefined): void;
  setOrganization(organization: NonNullable<Known["organization"]> | undefined): void;
  setProject(name: string, project: Known["projects"][string] | undefined): void;
  setProvedAt(date: string): void;
  setProvedRun(name: string): void;
  /** Stores a refused password, which is not tried again: five refusals lock the account (sign-in scenario). */
  refusePassword(email: string, password: Secret): void;
  wasRefused(email: string, password: Secret): boolean;
}

/**
 * Opens the store. Every change is in the file when the call returns; what does not change is not written. With
 * `keep: false` changes stay in memory, for callers that only look.
 */
export function openStateStore(folder: string, { keep = true }: { readonly keep?: boolean } = {}): StateStore {
  const path = join(folder, "state.json");
  let text = readIfThere(path) ?? "";
  let state = read(text);
  const save = (next: Stored) => {
    // Parsing puts the keys into the order of the shape, so that the same state is the same text.
    state = z.parse(stateShape, next);
    const wanted = `${JSON.stringify(state, null, 1)}\n`;
    if (!keep || wanted === text) return;
    // It is not synced to disk: after a power cut everything in it is found on the server again.
    writeAll([{ path, content: wanted, mode: 0o600, durable: false }]);
    text = wanted;
  };
  return {
    get token() {
      return state.token && new Secret(state.token.value);
    },
    get organization() {
      return state.organization;
    },
    get projects() {
      return state.projects;
    },
    get provedAt() {
      return state.provedAt;
    },
    get provedRun() {
      return state.provedRun;
    },
    setProvedAt(date) {
      save({ ...state, provedAt: date });
    },
    setProvedRun(name) {
      save({ ...state, provedRun: name });
    },
    setToken(id, token) {
      const { token: _, refusedPassword: __, ...rest } = state;
      save(token === undefined ? rest : { ...rest, token: { id, value: token.reveal() } });
    },
    setOrganization(organization) {
      const { organization: _, ...rest } = state;
      save(organization === undefined ? rest : { ...rest, organization });
    },
    setProject(name, project) {
      const { [name]: _, ...others } = state.projects;
      save({ ...state, projects: project === undefined ? others : { ...state.projects, [name]: project } });
    },
    refusePassword(email, password) {
      const salt = randomBytes(16).toString("hex");
      save({ ...state, refusedPassword: { salt, hash: hashOf(email, password, salt).toString("hex") } });
    },
    wasRefused(email, password) {
      const refused = state.refusedPassword;
      if (refused === undefined) return false;
      return timingSafeEqual(hashOf(email, password, refused.salt), Buffer.from(refused.hash, "hex"));
    },
  };
}

/** Returns an empty state for a file that is damaged: everything in it is found on the server again. */
function read(text: string): Stored {
  try {
    return z.parse(stateShape, JSON.parse(text));
  } catch {
    return { version: 1, projects: {} };
  }
}

/** Returns the content of a store's file. */
export function storedIn(text: string): Known & { readonly token: Secret | undefined } {
  const { token, organization, projects } = read(text);
  return { token: token && new Secret(token.value), organization, projects };
}

const hashOf = (email: string, password: Secret, salt: string): Buffer =>
  scryptSync(`${email}\0${password.reveal()}`, salt, 32);
