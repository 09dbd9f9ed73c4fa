import { createHash } from "node:crypto";
import type { Declaration } from "../config/schema.ts";
import { imageOf, ownServices, type ResolvedServer } from "../config/server.ts";
import { parseReference } from "../references/reference.ts";
import { secretBy } from "./attached.ts";
import { escaped } from "./interpolate.ts";
import type { ComposeService, RenderedFile, StackTexts } from "./model.ts";
import { type OurService, type OurStack, withPostgres } from "./services.ts";
import type { ComposeTemplates } from "./templates.ts";

const [MAKER, TOOLS] = ["glitchtip-backup", "glitchtip-backup-db"] as const;
const WORK_VOLUME = "glitchtip-backup";

/** The lines of .env that are ours; Compose fills them in for a container that cannot read that file. */
const ENV_NAMES = ["COMPOSE_PROJECT_NAME", "COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "GLITCHTIP_PORT", "APP_PORT"];

/** What backups add to a stack: nothing, a container with the database's tools, or the schedule as well. */
export interface BackupParts {
  readonly services: Readonly<Record<string, OurService>>;
  readonly volumes: readonly string[];
  readonly secrets: Readonly<Record<string, object>>;
  readonly files: readonly RenderedFile[];
}

const isRelative = (folder: string): boolean => !/^([/~]|[A-Za-z]:)/.test(folder);

/** As a volume of Compose's. */
export const placeOfBackups = (folder: string): string =>
  escaped(isRelative(folder) && !folder.startsWith(".") ? `./${folder}` : folder);

export function backupParts(
  declaration: Declaration,
  server: ResolvedServer,
  templates: ComposeTemplates,
  texts: StackTexts,
  toolVersion: string,
  declarationText: string,
): BackupParts {
  const { backup } = declaration;
  const scheduled = backup?.schedule !== undefined;
  const own = ownServices(declaration.server).database;
  if (!scheduled && own === undefined) return { services: {}, volumes: [], secrets: {}, files: [] };

  const managed = (path: string, content: string): RenderedFile => ({ path, content, mode: 0o644, kind: "managed" });
  const tools = toolsService(withPostgres(templates(TOOLS), declaration.server), own?.url, scheduled);
  const shared = {
    volumes: [WORK_VOLUME],
    files: [managed(".glitchtip/backup-db.sh", texts.backupDb)],
  };
  if (!scheduled) return { ...shared, services: { [TOOLS]: { own: tools, fromServer: false } }, secrets: {} };

  const { folder } = backup;
  const secrets = targetSecrets(backup.target ?? {});
  const settings = `${JSON.stringify(
    {
      version: 1,
      tool: toolVersion,
      generation: server.capabilities.generation,
      backup: {
        ...backup,
        ...(backup.target && { target: withMountNames(backup.target, secrets) }),
      },
    },
    null,
    2,
  )}\n`;
  const template = templates(MAKER);
  const place = placeOfBackups(folder);
  const relative = isRelative(folder);
  const fromEnvironment = secrets.some(({ reference }) => reference.startsWith("env:"));
  const maker: ComposeService = {
    ...template,
    environment: {
      GLITCHTIP_IMAGE: `\${GLITCHTIP_IMAGE:-${escaped(imageOf(declaration.server))}}`,
      ...Object.fromEntries(ENV_NAMES.map((name) => [`ENV_${name}`, `\${${name}:-}`])),
      // A changed file makes a new container: a mounted one would go on to read the old.
      DECLARATION_SHA256: createHash("sha256").update(declarationText).update(settings).digest("hex"),
    },
    volumes: [...(template.volumes as string[]), `${place}:/backups`],
    ...(secrets.length > 0 && { secrets: secrets.map(({ mount }) => mount) }),
    ...(fromEnvironment ? { read_only: false } : {}),
  };
  return {
    volumes: shared.volumes,
    services: { [TOOLS]: { own: tools, fromServer: false }, [MAKER]: { own: maker, fromServer: false } },
    secrets: Object.fromEntries(secrets.map(({ mount, reference }) => [mount, secretBy(reference)])),
    files: [
      ...shared.files,
      managed(".glitchtip/backup.json", settings),
      managed(".glitchtip/backup.mjs", texts.backup()),
      // Made before the engine does it, as root.
      ...(relative ? [{ path: `${folder}/.gitignore`, content: "*\n", mode: 0o644, kind: "once" as const }] : []),
    ],
  };
}

type TargetKinds = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

interface TargetSecret {
  readonly setting: string;
  readonly reference: string;
  /** Name of the secret's mount in the backup service. */
  readonly mount: string;
}

/** Returns the settings of a backup target that are references to secrets, whatever kind of target it is. */
function targetSecrets(target: TargetKinds): TargetSecret[] {
  return Object.values(target).flatMap((settings = {}) =>
    Object.entries(settings).flatMap(([setting, reference]) => {
      if (parseReference(reference) === undefined) return [];
      const words = setting.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [{ setting, reference, mount: `glitchtip_backup_${words}` }];
    }),
  );
}

/** Returns the target for the backup service's settings, where a reference is replaced by the name of its mount. */
const withMountNames = (target: TargetKinds, secrets: readonly TargetSecret[]): TargetKinds =>
  Object.fromEntries(
    Object.entries(target).map(([kind, settings]) => [
      kind,
      { ...settings, ...Object.fromEntries(secrets.map(({ setting, mount }) => [setting, mount])) },
    ]),
  );

function toolsService(template: ComposeService, url: string | undefined, scheduled: boolean): ComposeService {
  const profile = scheduled ? {} : { profiles: [TOOLS] };
  if (url === undefined) return { ...template, ...profile };
  const { depends_on: _, environment: __, ...rest } = template;
  return {
    ...rest,
    ...profile,
    environment: { GLITCHTIP_DATABASE_URL_FILE: "/run/secrets/glitchtip_database_url" },
    secrets: ["glitchtip_database_url"],
    // Elsewhere is reached over a network with a way out.
    networks: ["glitchtip", "glitchtip-db"],
    ...(url.startsWith("env:") ? { read_only: false } : {}),
  };
}

export const withServices = (stack: OurStack, { services }: Pick<BackupParts, "services">): OurStack => ({
  ...stack,
  services: { ...stack.services, ...services },
});
