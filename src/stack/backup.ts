import { escaped } from "../compose/interpolate.ts";
import type { ComposeService } from "../compose/model.ts";
import { defaultBackupSource } from "../config/backup-place.ts";
import type { Declaration } from "../config/schema.ts";
import { secretFile } from "../config/secret-volumes.ts";
import { imageOf, ownServices, type ResolvedServer } from "../config/server.ts";
import { parseReference } from "../references/reference.ts";
import { withPostgresImage } from "./data-services.ts";
import { fingerprint, managed, STACK_FILE, settingsText } from "./managed-files.ts";
import type { RenderedFile, StackInput, StackParts } from "./model.ts";
import { secretBy } from "./provision-service.ts";
import { BACKUP_SERVICE, DATABASE_NETWORK, DATABASE_TOOLS, NETWORK } from "./service-names.ts";

type Backup = NonNullable<Declaration["backup"]>;

/** The volume by which the backup service and the database tools exchange dumps. */
const WORK_VOLUME = "glitchtip-backup";

/** Variables of the stack in .env. Compose fills them in for the backup service, which cannot read that file. */
const ENV_NAMES = ["COMPOSE_PROJECT_NAME", "COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "GLITCHTIP_PORT", "APP_PORT"];

const isRelative = (folder: string): boolean => !/^([/~]|[A-Za-z]:)/.test(folder);

/** Returns the folder of backups as the source of a volume. */
export function backupVolume(folder: string | undefined, instance: string | undefined): string {
  if (folder === undefined) return defaultBackupSource(instance);
  return escaped(isRelative(folder) && !folder.startsWith(".") ? `./${folder}` : folder);
}

/** Returns what backups need: the backup service for a schedule, and the database tools for that or a database elsewhere. */
export function backupParts(input: StackInput, resolved: ResolvedServer): StackParts {
  const { declaration, compose: templates, texts } = input;
  const { backup, server } = declaration;
  const isScheduled = backup?.schedule !== undefined;
  const own = ownServices(server).database;
  if (!isScheduled && own === undefined) return { services: {}, volumes: [], secrets: {}, files: [] };

  const tools = toolsService(withPostgresImage(templates(DATABASE_TOOLS), server), own?.url, isScheduled);
  const toolsParts: StackParts = {
    services: { [DATABASE_TOOLS]: { own: tools, fromServer: false } },
    volumes: [WORK_VOLUME],
    secrets: {},
    files: [managed(".glitchtip/backup-db.sh", texts.backupDb)],
  };
  return isScheduled ? withSchedule(toolsParts, input, backup, resolved) : toolsParts;
}

/** Returns the parts with the service that makes backups by itself. */
function withSchedule(
  tools: StackParts,
  {
    declaration,
    declarationText,
    compose: templates,
    texts,
    toolVersion,
    instance,
    stackFile = STACK_FILE,
  }: StackInput,
  backup: Backup,
  { capabilities }: ResolvedServer,
): StackParts {
  const secrets = targetSecrets(backup.target ?? {});
  const settings = settingsText({
    version: 1,
    tool: toolVersion,
    generation: capabilities.generation,
    backup: { ...backup, ...(backup.target && { target: withMountNames(backup.target, secrets) }) },
  });
  const template = templates(BACKUP_SERVICE);
  const service: ComposeService = {
    ...template,
    environment: {
      GLITCHTIP_IMAGE: `\${GLITCHTIP_IMAGE:-${escaped(imageOf(declaration.server))}}`,
      ...Object.fromEntries(ENV_NAMES.map((name) => [`ENV_${name}`, `\${${name}:-}`])),
      DECLARATION_SHA256: fingerprint(declarationText.replaceAll("\r\n", "\n"), settings),
    },
    volumes: [
      ...(template.volumes ?? []).map((volume) => withStackFile(volume, stackFile)),
      `${backupVolume(backup.folder, instance)}:/backups`,
    ],
    ...(secrets.length > 0 ? { secrets: secrets.map(({ mount }) => mount) } : {}),
  };
  return {
    services: { ...tools.services, [BACKUP_SERVICE]: { own: service, fromServer: false } },
    volumes: tools.volumes,
    secrets: Object.fromEntries(secrets.map(({ mount, reference }) => [mount, secretBy(reference)])),
    files: [
      ...tools.files,
      managed(".glitchtip/backup.json", settings),
      managed(".glitchtip/backup.mjs", texts.backup()),
      ...(backup.folder !== undefined && isRelative(backup.folder) ? [folderFile(backup.folder)] : []),
    ],
  };
}

/** The template names the file as it is called where .env lists it. */
const withStackFile = <T>(volume: T, stackFile: string): T | string =>
  typeof volume === "string" ? volume.replaceAll(STACK_FILE, stackFile) : volume;

/** Makes the folder of backups for the user; otherwise the engine would make it for root. */
const folderFile = (folder: string): RenderedFile => ({
  path: `${folder}/.gitignore`,
  content: "*\n",
  mode: 0o644,
  kind: "once",
});

type TargetKinds = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

interface TargetSecret {
  readonly setting: string;
  readonly reference: string;
  /** The name of the secret's mount in the backup service. */
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

function toolsService(template: ComposeService, url: string | undefined, isScheduled: boolean): ComposeService {
  const profile = isScheduled ? {} : { profiles: [DATABASE_TOOLS] };
  if (url === undefined) return { ...template, ...profile };
  const { depends_on: _, environment: __, ...rest } = template;
  return {
    ...rest,
    ...profile,
    environment: { GLITCHTIP_DATABASE_URL_FILE: secretFile("glitchtip_database_url") },
    secrets: ["glitchtip_database_url"],
    // The network of the database has no way out to one that runs elsewhere.
    networks: [NETWORK, DATABASE_NETWORK],
  };
}
