import { createHash } from "node:crypto";
import { needsContainer } from "../config/app-sources.ts";
import type { Declaration } from "../config/schema.ts";
import { ownServices, type ResolvedServer } from "../config/server.ts";
import { hasCare } from "../config/stack-checks.ts";
import { secretBy } from "./attached.ts";
import { placeOfBackups } from "./backup.ts";
import { ROLES, secretName, settingsOf } from "./care-settings.ts";
import type { ComposeService, RenderedFile, StackTexts } from "./model.ts";
import type { OurService, OurStack } from "./services.ts";
import type { ComposeTemplates } from "./templates.ts";

const CARE = "glitchtip-care";
const FOLDER = "/run/glitchtip-care";
const SUPERVISOR = "/opt/glitchtip-compose/supervise.py";

/** What being looked after adds to a stack; nothing where neither `care` nor `notify` is declared. */
export interface CareParts {
  readonly services: Readonly<Record<string, OurService>>;
  readonly volumes: readonly string[];
  readonly secrets: Readonly<Record<string, object>>;
  readonly files: readonly RenderedFile[];
}

export function careParts(
  declaration: Declaration,
  server: ResolvedServer,
  stack: OurStack,
  templates: ComposeTemplates,
  texts: StackTexts,
  toolVersion: string,
): CareParts {
  if (!hasCare(declaration)) return { services: {}, volumes: [], secrets: {}, files: [] };
  const settings = `${JSON.stringify(settingsOf(declaration, server, stack, templates, toolVersion), null, 2)}\n`;
  const told = notifySecrets(declaration);
  const { database, valkey } = ownServices(declaration.server);
  const fromEnvironment = [
    ...(declaration.notify ?? []).flatMap(({ url, secret }) => [url, secret]),
    database?.url,
    valkey?.url,
  ].some((reference) => reference?.startsWith("env:"));
  const template = templates(CARE);
  const own: ComposeService = {
    ...template,
    environment: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variable
      COMPOSE_PROJECT: "${COMPOSE_PROJECT_NAME}",
      // A changed file makes a new container: a mounted one would go on to read the old.
      SETTINGS_SHA256: createHash("sha256").update(settings).digest("hex"),
    },
    volumes: [
      ...(template.volumes as string[]),
      ...(needsContainer(declaration) ? ["glitchtip-dsn:/run/glitchtip:ro"] : []),
      ...(declaration.backup?.schedule === undefined
        ? []
        : [`${placeOfBackups(declaration.backup.folder)}:/backups:ro`]),
    ],
    secrets: [
      database === undefined ? "glitchtip_db_password" : "glitchtip_database_url",
      ...(valkey === undefined ? [] : ["glitchtip_valkey_url"]),
      ...Object.keys(told),
    ],
    ...(fromEnvironment ? { read_only: false } : {}),
  };
  const managed = (path: string, content: string): RenderedFile => ({ path, content, mode: 0o644, kind: "managed" });
  return {
    services: { ...supervised(declaration, server, stack), [CARE]: { own, fromServer: false } },
    volumes: [CARE],
    secrets: told,
    files: [
      managed(".glitchtip/care.json", settings),
      managed(".glitchtip/care.mjs", texts.care()),
      ...(declaration.care === undefined ? [] : [managed(".glitchtip/supervise.py", texts.supervise())]),
    ],
  };
}

/** GlitchTip's own, with something between container and process that can restart it. */
function supervised(declaration: Declaration, { capabilities }: ResolvedServer, { services }: OurStack) {
  return Object.fromEntries(
    ROLES.flatMap(([name, role]): [string, OurService][] => {
      const service = services[name];
      if (declaration.care === undefined || service?.own.command === undefined) return [];
      const { command, volumes, environment, ...own } = service.own;
      const more = {
        command: ["python", "-I", "-S", SUPERVISOR, name, ...(command as string[])],
        environment: { ...(environment as object), ...(role === "worker" ? aliveFile(capabilities) : {}) },
        volumes: [...(volumes as string[]), ...meetingVolumes(declaration)],
      };
      return [[name, { ...service, own: { ...own, ...more } }]];
    }),
  );
}

const meetingVolumes = ({ care }: Declaration): string[] => [
  ...(care === undefined ? [] : [`./.glitchtip/supervise.py:${SUPERVISOR}:ro`]),
  `${CARE}:${FOLDER}`,
];

const aliveFile = ({ worker }: ResolvedServer["capabilities"]): Record<string, string> =>
  worker.aliveFile === undefined ? {} : { GLITCHTIP_CARE_ALIVE_FILE: worker.aliveFile.path };

/** What the single container gets: its programs put the supervisor before web and worker by themselves where it is there. */
export function careInside(declaration: Declaration, { capabilities }: ResolvedServer) {
  if (!hasCare(declaration)) return { volumes: [], environment: {} };
  const supervised = { GLITCHTIP_CARE_SHARED: "1", ...aliveFile(capabilities) };
  return { volumes: meetingVolumes(declaration), environment: declaration.care === undefined ? {} : supervised };
}

const notifySecrets = ({ notify = [] }: Declaration): Record<string, object> =>
  Object.fromEntries(
    notify.flatMap(({ url, secret }, i) => [
      [secretName(i, "url"), secretBy(url)],
      ...(secret === undefined ? [] : [[secretName(i, "secret"), secretBy(secret)] as const]),
    ]),
  );
