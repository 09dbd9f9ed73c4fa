import type { Declaration } from "../config/schema.ts";
import type { TextOrWords } from "./shell-words.ts";
import type { ComposeTemplates } from "./templates.ts";

/** A file of the project as the generator wants it. Managed ones are rewritten; `once` ones are the user's from then on. */
export interface RenderedFile {
  /** Relative to the project's folder, with forward slashes. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly kind: "managed" | "once";
  /** What may differ without the file being another: it is written in passing, and no plan shows it. */
  readonly note?: RegExp;
}

/** A service as the user's Compose files state it, as far as the generator has to know. */
export interface UserService {
  readonly image?: string;
  readonly platform?: string;
  /** Has a `build`. */
  readonly built?: true;
  /** Is a Compose provider: a program, no container. */
  readonly provider?: true;
  /** As Compose writes it: `$` begins a variable, `$$` is a dollar. */
  readonly entrypoint?: TextOrWords;
  readonly command?: TextOrWords;
  /** States networks other than `default`. */
  readonly hasNetworks: boolean;
  readonly networkMode?: string;
  readonly readOnly: boolean;
  /** Names of variables set by `environment`. */
  readonly environment: readonly string[];
  readonly envFiles: readonly string[];
  /** "FILE extends ADDRESS": the rest of it is known to Compose alone. */
  readonly elsewhere?: string;
}

export interface UserProject {
  /** Compose's project name where a file states it. */
  readonly name?: string;
  readonly services: Readonly<Record<string, UserService>>;
  /** What stands at addresses that only Compose can read: "FILE includes ADDRESS". */
  readonly elsewhere?: readonly string[];
  /** Names of what comes before ours, and shares a space with it. */
  readonly names: Readonly<Record<"services" | "networks" | "volumes" | "secrets" | "configs", readonly string[]>>;
}

/** What an image starts when nothing else is said, as its maker stated it. */
export interface KnownImage {
  readonly image: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** By service, of those whose image has to be asked. */
export interface ImageKnowledge {
  readonly known: Readonly<Record<string, KnownImage>>;
  /** Why an image could not be asked. */
  readonly why?: Readonly<Record<string, string>>;
  /** Where the user states it instead: flags of `init` or `add`, or the declaration. */
  readonly stateBy?: "init" | "add" | "declaration";
}

/** Where the provisioner runs from: the official Node image with the bundle mounted, a built image, or a ready one. */
export type ProvisionerSource =
  | { readonly kind: "mount" }
  | { readonly kind: "build" }
  | { readonly kind: "image"; readonly image: string };

/** A Compose service as data. */
export type ComposeService = Readonly<Record<string, unknown>>;

/** Files that are passed on as they are. */
export interface StackTexts {
  readonly withDsn: string;
  readonly gate: string;
  readonly provisioner: string;
  readonly backupDb: string;
  /** The backup service's bundle. */
  backup(): string;
  /** The care service's bundle, and what stands before the processes that it may restart. */
  care(): string;
  supervise(): string;
  /** Needed for `build` only. */
  provisionerDockerfile(): string;
  /** Needed for a single container only: images/all-in-one by path. */
  allInOne(): Readonly<Record<string, string>>;
}

export interface StackInput {
  readonly declaration: Declaration;
  /** glitchtip.yaml as it is on disk. */
  readonly declarationText: string;
  readonly toolVersion: string;
  readonly user: UserProject;
  readonly images?: ImageKnowledge;
  /** Digest by image. */
  readonly lock?: ReadonlyMap<string, string>;
  readonly compose: ComposeTemplates;
  readonly texts: StackTexts;
  readonly provisioner: ProvisionerSource;
}

export interface RenderedStack {
  readonly files: readonly RenderedFile[];
  readonly warnings: readonly string[];
}
