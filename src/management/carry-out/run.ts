import type { Secret } from "../../base/secret.ts";
import { AnswerError } from "../../glitchtip/answers.ts";
import type { Action, Kind } from "../../reconcile/index.ts";
import type { Addresses } from "../addresses.ts";
import type { ServerContext } from "../context.ts";

/** One apply on its way. */
export interface Run extends ServerContext {
  readonly addresses: Addresses;
}

/** What there is to tell of an action that was carried out. */
export interface Done {
  readonly note?: string;
  /** Of an invitation: whoever has it can join. */
  readonly inviteLink?: Secret;
}

export type ActionOn<K extends Kind> = Extract<Action, { readonly kind: K }>;
export type CarryOut<K extends Kind> = (run: Run, action: ActionOn<K>) => Promise<Done>;

export const isGone = (error: unknown): boolean => error instanceof AnswerError && error.code === "GC1209";

/** The highest number: the newest one. */
export const newest = <T extends { readonly id: string }>(all: readonly T[]): T | undefined =>
  all.reduce<T | undefined>(
    (best, one) => (best === undefined || Number(one.id) > Number(best.id) ? one : best),
    undefined,
  );
