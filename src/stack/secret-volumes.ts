import type { ComposeSecret, ComposeService } from "../compose/model.ts";
import {
  DATABASE_RUN_DIR,
  DATABASE_RUN_FILE,
  DATABASE_RUN_VARIABLE,
  DATABASE_RUN_VOLUME,
} from "../config/database-run.ts";
import {
  DATABASE_DIR,
  GIVEN_SECRETS_DIR,
  HANDED_SECRETS_VARIABLE,
  OLD_SECRETS_DIR,
  SECRET_NAMES_VARIABLE,
  SECRETS_DIR,
  secretVolume,
} from "../config/secret-volumes.ts";
import { SECRETS_FOLDER } from "./managed-files.ts";
import type { AttachedStack, BundledStack, ProvisionerSource, SecretSource, StackService } from "./model.ts";
import { SETUP } from "./service-names.ts";
import type { ComposeTemplates } from "./templates.ts";

const isGiven = (source: SecretSource | undefined): source is ComposeSecret =>
  source !== undefined && !("made" in source) && !("handed" in source);

/**
 * Certificates stay mounts of the user's own files, because a restart has to see a renewed one. Two of them are no
 * secrets, and the third belongs to the second.
 */
const MOUNTED_DIRECTLY: readonly string[] = ["glitchtip_ca", "glitchtip_tls_certificate", "glitchtip_tls_key"];

export interface SecuredStack {
  readonly stack: AttachedStack & Partial<BundledStack>;
  /** Volumes of the secrets. */
  readonly volumes: readonly string[];
  /** Compose's own secrets: what the setup service copies, and certificates. */
  readonly secrets: Readonly<Record<string, ComposeSecret>>;
}

export interface SecretVolumesInput {
  readonly templates: ComposeTemplates;
  readonly provisioner: ProvisionerSource;
  /** The volume with the bundled database; undefined where there is none. */
  readonly databaseVolume?: string | undefined;
  /** The workspace still has the secrets of an earlier version. */
  readonly oldSecrets?: boolean | undefined;
  /** The mounts of the volumes with the apps' DSNs. */
  readonly dsnMounts?: readonly string[];
  /** The setup service lets glitchtip-init write into the volume with the name of the database's run. */
  readonly databaseRun?: boolean;
}

/** Puts every secret into a volume of its own, which the setup service fills before the services that mount it start. */
export function withSecretVolumes(
  stack: AttachedStack & Partial<BundledStack>,
  sources: Readonly<Record<string, SecretSource>>,
  input: SecretVolumesInput,
): SecuredStack {
  const names = Object.keys(sources).filter((name) => !MOUNTED_DIRECTLY.includes(name));
  const given = Object.fromEntries(
    Object.entries(sources).flatMap(([name, source]) => (isGiven(source) ? [[name, source]] : [])),
  );
  if (names.length === 0) return { stack, volumes: [], secrets: given };
  const mount = (name: string) => `${secretVolume(name)}:${SECRETS_DIR}/${name}:ro`;
  const mounted = (service: ComposeService): string[] =>
    (service.secrets ?? []).filter((name) => typeof name === "string").filter((name) => names.includes(name));

  const shared = stack.server ?? {};
  const secure = ({ own, fromServer }: StackService): StackService => {
    if (own.secrets === undefined && (own.volumes === undefined || !fromServer)) return { own, fromServer };
    const effective = fromServer ? { ...shared, ...own } : own;
    return { own: { ...own, ...securedKeys(effective, mounted(effective).map(mount)) }, fromServer };
  };
  const reads = ({ own, fromServer }: StackService) => mounted(fromServer ? { ...shared, ...own } : own).length > 0;
  const first = firstReaders(stack.services, reads);
  const services = Object.entries(stack.services).map(([name, service]) => {
    const secured = secure(service);
    return [name, first.has(name) ? afterSetup(secured) : secured] as const;
  });
  return {
    stack: {
      ...stack,
      ...(stack.server && { server: { ...shared, ...securedKeys(shared, mounted(shared).map(mount)) } }),
      services: {
        [SETUP]: { own: setupService(names, sources, input), fromServer: false },
        ...Object.fromEntries(services),
      },
    },
    volumes: names.map(secretVolume),
    secrets: given,
  };
}

/** Volumes with the mounts of the secrets, and what of `secrets` Compose still mounts by itself. */
function securedKeys({ volumes = [], secrets = [] }: ComposeService, mounts: readonly string[]): ComposeService {
  const direct = secrets.filter((name) => typeof name === "string" && MOUNTED_DIRECTLY.includes(name));
  const all = [...volumes, ...mounts];
  return { volumes: all.length === 0 ? undefined : all, secrets: direct.length === 0 ? undefined : direct };
}

type Services = Readonly<Record<string, StackService>>;

/** Returns the services that read a secret and do not wait for another one that does. */
function firstReaders(services: Services, reads: (service: StackService) => boolean): Set<string> {
  const links = (name: string) => Object.keys(services[name]?.own.depends_on ?? {});
  const waits = (name: string): boolean => {
    const service = services[name];
    return service !== undefined && (reads(service) || links(name).some(waits));
  };
  return new Set(
    Object.entries(services).flatMap(([name, service]) => (reads(service) && !links(name).some(waits) ? [name] : [])),
  );
}

function afterSetup({ own, fromServer }: StackService): StackService {
  const link = { condition: "service_completed_successfully", required: false } as const;
  return { own: { ...own, depends_on: { [SETUP]: link, ...own.depends_on } }, fromServer };
}

function setupService(
  names: readonly string[],
  sources: Readonly<Record<string, SecretSource>>,
  {
    templates,
    provisioner,
    databaseVolume,
    oldSecrets = false,
    dsnMounts = [],
    databaseRun = false,
  }: SecretVolumesInput,
): ComposeService {
  const { volumes, ...template } = templates("glitchtip-setup");
  const given = names.filter((name) => isGiven(sources[name]));
  const handed = names.flatMap((name) => {
    const source = sources[name];
    return source !== undefined && "handed" in source ? [`${name}=${source.handed}`] : [];
  });
  const has = (kind: "file" | "environment") => given.some((name) => kind in (sources[name] ?? {}));
  const readsFiles = oldSecrets || has("file");
  const isMounted = provisioner.kind === "mount";
  const capabilities = [
    // Root without this one cannot read what only the user may read, and such files are the careful ones.
    ...(readsFiles ? ["DAC_READ_SEARCH"] : []),
    // A fresh volume belongs to root, and the provisioner of an image is another user.
    ...(isMounted ? [] : ["CHOWN"]),
  ];
  return {
    ...template,
    ...(provisioner.kind !== "mount" && { image: provisioner.image }),
    ...(capabilities.length > 0 && { cap_add: capabilities }),
    // Compose copies a secret from the environment into the container, which it refuses for a read-only one.
    ...(has("environment") && { read_only: false }),
    environment: {
      [SECRET_NAMES_VARIABLE]: names.join(" "),
      ...(handed.length > 0 && { [HANDED_SECRETS_VARIABLE]: handed.join(" ") }),
      ...(databaseRun && { [DATABASE_RUN_VARIABLE]: DATABASE_RUN_FILE }),
    },
    volumes: [
      ...(isMounted ? (volumes ?? []) : dsnMounts),
      ...names.map((name) => `${secretVolume(name)}:${SECRETS_DIR}/${name}`),
      ...(databaseRun ? [`${DATABASE_RUN_VOLUME}:${DATABASE_RUN_DIR}`] : []),
      ...(oldSecrets ? [`./${SECRETS_FOLDER}:${OLD_SECRETS_DIR}:ro`] : []),
      // Only looked at: beside an old database a new password would fit nothing.
      ...(databaseVolume === undefined
        ? []
        : [
            {
              type: "volume" as const,
              source: databaseVolume,
              target: DATABASE_DIR,
              read_only: true,
              volume: { nocopy: true },
            },
          ]),
    ],
    ...(given.length > 0 && {
      secrets: given.map((name) => ({ source: name, target: `${GIVEN_SECRETS_DIR}/${name}` })),
    }),
  };
}
