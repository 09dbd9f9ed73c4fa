import type { ComposeNetwork, ComposeSecret, ComposeService, UserProject } from "../compose/model.ts";
import type { Declaration } from "../config/schema.ts";
import type { ComposeTemplates } from "./templates.ts";

/** A file of the workspace as the generator wants it. Managed files are rewritten; a `once` file is the user's from then on. */
export interface RenderedFile {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly kind: "managed" | "once";
  /** A part that may differ without making it another file: it is written when the file is, and no plan shows it. */
  readonly note?: RegExp;
}

/** What an image starts when nothing else is said. */
export interface KnownImage {
  /** As the service names it; missing where Compose names it after the folder, which differs between clones. */
  readonly image?: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** Why it is not known how an image starts: `unbuilt` and `absent` are mended by --build and --pull. */
export type UnknownStart = "unbuilt" | "absent" | "no engine";

/** What is known of the images that have to be asked for their start. */
export interface ImageKnowledge {
  /** How each service's image starts, by the service's name. */
  readonly known: Readonly<Record<string, KnownImage>>;
  /** Why an image could not be asked, by service. */
  readonly why?: Readonly<Record<string, UnknownStart>>;
  /** The place where the user states it instead: flags of `init` or `add`, or the declaration. */
  readonly stateBy?: "init" | "add" | "declaration";
  /** What was typed, so that it can be typed once more with another flag. */
  readonly commandLine?: string;
}

/** The source of the provisioner's container: the official Node image with the bundle mounted, a built image, or a ready one. */
export type ProvisionerSource =
  | { readonly kind: "mount" }
  | { readonly kind: "build"; readonly image: string }
  | { readonly kind: "image"; readonly image: string };

/** A service of the stack: its own keys, and whether those that GlitchTip's containers share stand before them. */
export interface StackService {
  readonly own: ComposeService;
  readonly fromServer: boolean;
}

/** The services beside a server that runs elsewhere: no container has GlitchTip's image. */
export interface AttachedStack {
  /** What all services share. */
  readonly everyService: ComposeService;
  readonly services: Readonly<Record<string, StackService>>;
}

/** The services of a stack with a server of its own. */
export interface BundledStack extends AttachedStack {
  /** What the containers of GlitchTip's image share. */
  readonly server: ComposeService;
  /** The environment of those containers. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a feature, such as backups, adds to the stack. */
export interface StackParts {
  readonly services: Readonly<Record<string, StackService>>;
  readonly volumes: readonly string[];
  readonly secrets: Readonly<Record<string, SecretSource>>;
  readonly files: readonly RenderedFile[];
}

/**
 * Where a secret comes from: a reference as Compose takes it, the setup service, which makes it, or the command line, which
 * hands it over with the mark of its reference.
 */
export type SecretSource = ComposeSecret | { readonly made: true } | { readonly handed: string };

/** The parts of the Compose file beside its services. */
export interface TopLevel {
  readonly networks?: Readonly<Record<string, ComposeNetwork>>;
  readonly volumes?: Readonly<Record<string, object>>;
  readonly secrets?: Readonly<Record<string, ComposeSecret>>;
}

/** Files of the package that are copied into the workspace as they are. */
export interface StackTexts {
  readonly withDsn: string;
  readonly gate: string;
  readonly provisioner: string;
  readonly backupDb: string;
  /** The bundle of the backup service. */
  backup(): string;
  /** The bundle of the care service. */
  care(): string;
  /** The bundle of the reconcile service. */
  serve(): string;
  /** The supervisor of the processes that the care service may restart. */
  supervise(): string;
  /** Needed where the provisioner's image is built. */
  provisionerDockerfile(): string;
  /** images/all-in-one by path. Needed for a single container. */
  allInOne(): Readonly<Record<string, string>>;
}

export interface StackInput {
  readonly declaration: Declaration;
  /** glitchtip.yaml as it is on disk. */
  readonly declarationText: string;
  readonly toolVersion: string;
  /** The name of our Compose file; default: compose.glitchtip.yaml. */
  readonly stackFile?: string;
  /** The user's Compose file beside which Compose finds ours; undefined where there is none. */
  readonly baseFile?: string;
  /** Goes as a label onto containers and volumes; undefined for stacks that were made without one. */
  readonly instance?: string;
  readonly user: UserProject;
  readonly images?: ImageKnowledge;
  /** Digest by image. */
  readonly lock?: ReadonlyMap<string, string>;
  readonly compose: ComposeTemplates;
  readonly texts: StackTexts;
  readonly provisioner: ProvisionerSource;
  /** The workspace still has the secrets of an earlier version, which the setup service takes over. */
  readonly oldSecrets?: boolean;
}

export interface RenderedStack {
  readonly files: readonly RenderedFile[];
  readonly warnings: readonly string[];
}
