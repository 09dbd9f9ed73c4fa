import type { Readable } from "node:stream";
import type { Secret } from "../../base/secret.ts";
import type { Clock } from "../../base/wait.ts";
import type { Declaration } from "../../config/schema.ts";
import type { HttpOptions, OpenHttp } from "../../http/http.ts";
import { openS3Target } from "./s3.ts";

/** A place to which backups are copied. Keys are paths with forward slashes, below the place that the settings name. */
export interface BackupTarget {
  /** The target's address for messages; it ends with a slash and holds no secret. */
  readonly place: string;
  /** Stores an object, whole or not at all, and replaces one of the same key. */
  put(key: string, content: TargetContent): Promise<void>;
  /** Returns the keys that start with this prefix, in order. */
  list(prefix: string): Promise<string[]>;
  /** Returns undefined where there is no such object. */
  fetch(key: string): Promise<Readable | undefined>;
  delete(key: string): Promise<void>;
}

/** The path of a file, or a short text. */
export type TargetContent = { readonly file: string } | { readonly text: string };

export interface TargetContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly openHttp: OpenHttp;
  /** Variables of the environment, of which the HTTP client reads those that name a proxy. */
  readonly env?: HttpOptions["env"];
  /** Returns the value of a setting that is a reference to a secret. Throws where it cannot be read. */
  secret(setting: string): Secret;
}

/** `backup.target` of the declaration: one key, which names the kind, and its settings. */
export type TargetSettings = NonNullable<NonNullable<Declaration["backup"]>["target"]>;

export type OpenTarget<Kind extends keyof TargetSettings> = (
  settings: NonNullable<TargetSettings[Kind]>,
  context: TargetContext,
) => BackupTarget;

/** One row for each kind of target. */
const KINDS: { readonly [Kind in keyof TargetSettings]-?: OpenTarget<Kind> } = {
  s3: openS3Target,
};

export function openTarget(target: TargetSettings, context: TargetContext): BackupTarget {
  const open = <Kind extends keyof TargetSettings>(kind: Kind): BackupTarget[] => {
    const settings = target[kind];
    return settings ? [KINDS[kind](settings, context)] : [];
  };
  const [opened] = (Object.keys(KINDS) as (keyof TargetSettings)[]).flatMap(open);
  if (opened === undefined) throw new TypeError(`no target of kind ${Object.keys(target)}`);
  return opened;
}
