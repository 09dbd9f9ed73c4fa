import { createHash } from "node:crypto";
import { hasCare } from "../config/care-checks.ts";
import type { CareSettings } from "../config/care-settings.ts";
import { needsContainer } from "../config/given-dsn.ts";
import { ownServices } from "../config/own-service.ts";
import { NOTIFY_EVENTS } from "../config/schema/notify.ts";
import type { Declaration } from "../config/schema.ts";
import type { ResolvedServer } from "../config/server.ts";
import { secretBy } from "./attached.ts";
import { placeOfBackups } from "./backup.ts";
import type { ComposeService, ComposeTemplates, RenderedFile, StackTexts } from "./model.ts";
import type { OurService, OurStack } from "./services.ts";

const CARE = "glitchtip-care";
const FOLDER = "/run/glitchtip-care";
const SUPERVISOR = "/opt/glitchtip-compose/supervise.py";
/** GlitchTip's own, for what is not declared. */
const RETENTION_DAYS = 90;

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
  const settings = `${JSON.stringify(settingsOf(declaration, server, stack, toolVersion), null, 2)}\n`;
  const told = notifySecrets(declaration);
  const { database, valkey } = ownServices(declaration.server);
  const fromEnvironment = [
    ...(declaration.notify ?? []).flatMap(({ url, secret }) => [url, secret]),
    database?.url,
    valkey?.url,
  ].some((reference) => reference?.startsWith("env:"));
  const template = templates[CARE];
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

const ROLES = [
  ["glitchtip", "web"],
  ["glitchtip-worker", "worker"],
] as const;

/** GlitchTip's own, with something between container and process that can restart it. */
function supervised({ care }: Declaration, { capabilities }: ResolvedServer, { services }: OurStack) {
  const alive = capabilities.worker.aliveFile?.path;
  return Object.fromEntries(
    ROLES.flatMap(([name, role]): [string, OurService][] => {
      const service = services[name];
      if (care === undefined || service?.own.command === undefined) return [];
      const { command, volumes, environment, ...own } = service.own;
      const more = {
        command: ["python", "-I", "-S", SUPERVISOR, name, ...(command as string[])],
        environment: {
          ...(environment as object),
          ...(role === "worker" && alive !== undefined ? { GLITCHTIP_CARE_ALIVE_FILE: alive } : {}),
        },
        volumes: [...(volumes as string[]), `./.glitchtip/supervise.py:${SUPERVISOR}:ro`, `${CARE}:${FOLDER}`],
      };
      return [[name, { ...service, own: { ...own, ...more } }]];
    }),
  );
}

function settingsOf(
  declaration: Declaration,
  { capabilities, valkey }: ResolvedServer,
  { services }: OurStack,
  tool: string,
): CareSettings {
  const { care, notify = [], production, name, backup, server } = declaration;
  const own = ownServices(server);
  const seconds = (text: unknown) => (text === "1m" ? 60 : Number(/^(\d+)s$/.exec(String(text))?.[1] ?? 30));
  const instance = name ?? production?.domain;
  const days = Object.values(server.retention ?? {}).map((text) => Number(text?.replace("d", "")));
  return {
    version: 1,
    tool,
    ...(instance === undefined ? {} : { instance }),
    care: care ?? { everySeconds: 60, diskPercent: 90 },
    services: ROLES.flatMap(([service, role]) => {
      const found = services[service];
      if (care === undefined || found === undefined) return [];
      const aliveFile = role === "worker" && capabilities.worker.aliveFile !== undefined;
      return [{ service, role, graceSeconds: seconds(found.own.stop_grace_period), aliveFile }];
    }),
    database: own.database === undefined ? "bundled" : "url",
    valkey: own.valkey !== undefined ? "url" : valkey ? "bundled" : "off",
    jobs: capabilities.worker.aliveFile !== undefined ? "unseen" : valkey ? "valkey" : "database",
    ...(production === undefined ? {} : { certificate: certificateAt(declaration, production) }),
    backups: backup?.schedule !== undefined,
    retentionDays: Math.max(RETENTION_DAYS, ...days),
    notify: notify.map((channel, i) => ({
      name: channel.name ?? channel.type,
      type: channel.type,
      url: secretName(i, "url"),
      ...(channel.secret === undefined ? {} : { secret: secretName(i, "secret") }),
      events: channel.events ?? [...NOTIFY_EVENTS],
      repeatHours: channel.repeatHours,
    })),
  };
}

/** Our own Caddy from inside; another proxy by the domain. */
function certificateAt({ server }: Declaration, { domain, proxy }: NonNullable<Declaration["production"]>) {
  if (proxy === "caddy") return { domain, host: "glitchtip-proxy", port: 443 };
  return { domain, host: domain, port: Number(new URL(server.url ?? `https://${domain}`).port || 443) };
}

const secretName = (i: number, part: "url" | "secret"): string => `glitchtip_notify_${i + 1}_${part}`;

const notifySecrets = ({ notify = [] }: Declaration): Record<string, object> =>
  Object.fromEntries(
    notify.flatMap(({ url, secret }, i) => [
      [secretName(i, "url"), secretBy(url)],
      ...(secret === undefined ? [] : [[secretName(i, "secret"), secretBy(secret)] as const]),
    ]),
  );
