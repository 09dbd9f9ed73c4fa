import { NOTIFY_EVENTS } from "../config/schema/care.ts";
import type { Declaration } from "../config/schema.ts";
import { ownServices, type ResolvedServer } from "../config/server.ts";
import type { CareSettings } from "../config/service-settings.ts";
import type { OurStack } from "./services.ts";
import type { ComposeTemplates } from "./templates.ts";

/** GlitchTip's own, for what is not declared. */
const RETENTION_DAYS = 90;

export const ROLES = [
  ["glitchtip", "web"],
  ["glitchtip-worker", "worker"],
] as const;

/** The mounted secret of a channel. */
export const secretName = (i: number, part: "url" | "secret"): string => `glitchtip_notify_${i + 1}_${part}`;

/** What .glitchtip/care.json says. */
export function settingsOf(
  declaration: Declaration,
  { capabilities, topology, valkey }: ResolvedServer,
  { services }: OurStack,
  templates: ComposeTemplates,
  tool: string,
): CareSettings {
  const { care, notify = [], production, name, backup, server } = declaration;
  const own = ownServices(server);
  const inside = topology === "single-container";
  const bundled = inside ? "inside" : "bundled";
  const seconds = (text: unknown) => (text === "1m" ? 60 : Number(/^(\d+)s$/.exec(String(text))?.[1] ?? 30));
  const instance = name ?? production?.domain;
  const days = Object.values(server.retention ?? {}).map((text) => Number(text?.replace("d", "")));
  return {
    version: 1,
    tool,
    ...(instance === undefined ? {} : { instance }),
    care: care ?? { everySeconds: 60, diskPercent: 90 },
    services: ROLES.flatMap(([service, role]) => {
      if (care === undefined || !(inside || services[service])) return [];
      const aliveFile = role === "worker" && capabilities.worker.aliveFile !== undefined;
      const graceSeconds = seconds(templates(service).stop_grace_period);
      // In the single container its programs are called as their roles.
      return [{ service: inside ? role : service, role, graceSeconds, aliveFile }];
    }),
    database: own.database === undefined ? bundled : "url",
    valkey: own.valkey !== undefined ? "url" : valkey ? bundled : "off",
    jobs: valkey ? "valkey" : "database",
    jobQueue: capabilities.jobQueue,
    worker: inside ? "worker" : topology === "all-in-one" ? "glitchtip" : "glitchtip-worker",
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
