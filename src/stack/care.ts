import { defined } from "../base/defined.ts";
import type { ComposeService } from "../compose/model.ts";
import { needsContainer } from "../config/app-sources.ts";
import { DSN_DIR, DSN_VOLUME } from "../config/dsn-volumes.ts";
import { NOTIFY_EVENTS } from "../config/schema/care.ts";
import type { Declaration } from "../config/schema.ts";
import { ownServices, type ResolvedServer } from "../config/server.ts";
import type { CareSettings } from "../config/service-settings.ts";
import { hasCare } from "../config/stack-checks.ts";
import { backupVolume } from "./backup.ts";
import { fingerprint, managed, settingsText } from "./managed-files.ts";
import type { BundledStack, SecretSource, StackInput, StackParts, StackService } from "./model.ts";
import { secretBy } from "./provision-service.ts";
import { CARE_SERVICE, PROXY, SERVER, WORKER } from "./service-names.ts";
import type { ComposeTemplates } from "./templates.ts";

type Services = BundledStack["services"];

/** The volume by which the care service and the supervisors talk, and where it is mounted. */
const VOLUME = CARE_SERVICE;
const FOLDER = "/run/glitchtip-care";
const SUPERVISOR = "/opt/glitchtip-compose/supervise.py";

/** GlitchTip's own retention, for kinds of data whose retention is not declared. */
const DEFAULT_RETENTION_DAYS = 90;

const ROLES = [
  [SERVER, "web"],
  [WORKER, "worker"],
] as const;

/** Returns the service that watches the stack, if `care` or `notify` is declared. */
export function careParts(input: StackInput, resolved: ResolvedServer, services: Services): StackParts {
  const { declaration, compose: templates, texts, toolVersion } = input;
  if (!hasCare(declaration)) return { services: {}, volumes: [], secrets: {}, files: [] };
  const settings = settingsText(careSettingsOf(declaration, resolved, services, templates, toolVersion));
  const secrets = notifySecrets(declaration);
  const care = careService(templates(CARE_SERVICE), input, Object.keys(secrets), settings);
  return {
    services: {
      ...supervised(declaration, resolved, services),
      [CARE_SERVICE]: { own: care, fromServer: false },
    },
    volumes: [VOLUME],
    secrets,
    files: [
      managed(".glitchtip/care.json", settings),
      managed(".glitchtip/care.mjs", texts.care()),
      ...(declaration.care === undefined ? [] : [managed(".glitchtip/supervise.py", texts.supervise())]),
    ],
  };
}

function careService(
  template: ComposeService,
  { declaration, instance }: Pick<StackInput, "declaration" | "instance">,
  notifySecretNames: readonly string[],
  settings: string,
): ComposeService {
  const { backup, server } = declaration;
  const { database, valkey } = ownServices(server);
  return {
    ...template,
    environment: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variable
      COMPOSE_PROJECT: "${COMPOSE_PROJECT_NAME}",
      SETTINGS_SHA256: fingerprint(settings),
    },
    volumes: [
      ...(template.volumes ?? []),
      ...(needsContainer(declaration) ? [`${DSN_VOLUME}:${DSN_DIR}:ro`] : []),
      ...(backup?.schedule === undefined ? [] : [`${backupVolume(backup.folder, instance)}:/backups:ro`]),
    ],
    secrets: [
      database === undefined ? "glitchtip_db_password" : "glitchtip_database_url",
      ...(valkey === undefined ? [] : ["glitchtip_valkey_url"]),
      ...notifySecretNames,
    ],
  };
}

/** Returns GlitchTip's services with a supervisor between container and process, which can restart the process. */
function supervised(declaration: Declaration, { capabilities }: ResolvedServer, services: Services): Services {
  return Object.fromEntries(
    ROLES.flatMap(([name, role]): [string, StackService][] => {
      const service = services[name];
      if (declaration.care === undefined || service?.own.command === undefined) return [];
      const { command, volumes = [], environment, ...own } = service.own;
      const supervisor: ComposeService = {
        command: ["python", "-I", "-S", SUPERVISOR, name, ...command],
        environment: { ...environment, ...(role === "worker" ? aliveFile(capabilities) : {}) },
        volumes: [...volumes, ...sharedVolumes(declaration)],
      };
      return [[name, { ...service, own: { ...own, ...supervisor } }]];
    }),
  );
}

const sharedVolumes = ({ care }: Declaration): string[] => [
  ...(care === undefined ? [] : [`./.glitchtip/supervise.py:${SUPERVISOR}:ro`]),
  `${VOLUME}:${FOLDER}`,
];

const aliveFile = ({ worker }: ResolvedServer["capabilities"]): Record<string, string> =>
  worker.aliveFile === undefined ? {} : { GLITCHTIP_CARE_ALIVE_FILE: worker.aliveFile.path };

/** Returns what the single container needs: its programs put the supervisor before web and worker where the variable is set. */
export function singleContainerCare(
  declaration: Declaration,
  { capabilities }: ResolvedServer,
): { readonly volumes: readonly string[]; readonly environment: Readonly<Record<string, string>> } {
  if (!hasCare(declaration)) return { volumes: [], environment: {} };
  const environment = { GLITCHTIP_CARE_SHARED: "1", ...aliveFile(capabilities) };
  return { volumes: sharedVolumes(declaration), environment: declaration.care === undefined ? {} : environment };
}

/** Returns the name of a notification channel's secret. */
const notifySecret = (i: number, part: "url" | "secret"): string => `glitchtip_notify_${i + 1}_${part}`;

const notifySecrets = ({ notify = [] }: Declaration): Record<string, SecretSource> =>
  Object.fromEntries(
    notify.flatMap(({ url, secret }, i) => [
      [notifySecret(i, "url"), secretBy(url)],
      ...(secret === undefined ? [] : [[notifySecret(i, "secret"), secretBy(secret)] as const]),
    ]),
  );

/** Returns what .glitchtip/care.json says. */
function careSettingsOf(
  declaration: Declaration,
  { capabilities, topology, valkey }: ResolvedServer,
  services: Services,
  templates: ComposeTemplates,
  tool: string,
): CareSettings {
  const { care, notify = [], production, name, backup, server } = declaration;
  const own = ownServices(server);
  const isSingle = topology === "single-container";
  const bundled = isSingle ? "inside" : "bundled";
  const days = Object.values(server.retention ?? {}).map((text) => Number(text?.replace("d", "")));
  return {
    version: 1,
    tool,
    ...defined({ instance: name ?? production?.domain }),
    care: care ?? { everySeconds: 60, diskPercent: 90 },
    services: ROLES.flatMap(([service, role]) => {
      if (care === undefined || !(isSingle || services[service])) return [];
      const hasAliveFile = role === "worker" && capabilities.worker.aliveFile !== undefined;
      const graceSeconds = secondsOf(templates(service).stop_grace_period);
      // The programs of the single container have the names of their roles.
      return [{ service: isSingle ? role : service, role, graceSeconds, aliveFile: hasAliveFile }];
    }),
    database: own.database === undefined ? bundled : "url",
    valkey: valkeyPlace(own.valkey !== undefined, valkey, bundled),
    jobs: valkey ? "valkey" : "database",
    jobQueue: capabilities.jobQueue,
    worker: workerPlace(topology),
    ...defined({ certificate: production && certificateAt(declaration, production) }),
    backups: backup?.schedule !== undefined,
    retentionDays: Math.max(DEFAULT_RETENTION_DAYS, ...days),
    notify: notify.map((channel, i) => ({
      name: channel.name ?? channel.type,
      type: channel.type,
      url: notifySecret(i, "url"),
      ...(channel.secret === undefined ? {} : { secret: notifySecret(i, "secret") }),
      events: channel.events ?? [...NOTIFY_EVENTS],
      repeatHours: channel.repeatHours,
    })),
  };
}

const secondsOf = (period: string | undefined): number =>
  period === "1m" ? 60 : Number(/^(\d+)s$/.exec(period ?? "")?.[1] ?? 30);

function valkeyPlace(isOwn: boolean, isUsed: boolean, bundled: "inside" | "bundled"): CareSettings["valkey"] {
  if (isOwn) return "url";
  return isUsed ? bundled : "off";
}

function workerPlace(topology: ResolvedServer["topology"]): string {
  if (topology === "single-container") return "worker";
  return topology === "all-in-one" ? SERVER : WORKER;
}

/** The stack's own Caddy is asked inside the network, another proxy by the domain. */
function certificateAt({ server }: Declaration, { domain, proxy }: NonNullable<Declaration["production"]>) {
  if (proxy === "caddy") return { domain, host: PROXY, port: 443 };
  return { domain, host: domain, port: Number(new URL(server.url ?? `https://${domain}`).port || 443) };
}
