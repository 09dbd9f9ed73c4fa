import type { Declaration } from "../config/schema.ts";
import { ownServices, type ResolvedServer } from "../config/server.ts";
import type { ComposeService } from "./model.ts";
import { DATABASE, VALKEY } from "./service-names.ts";

/** What was accepted waits here for the worker: written on as it comes, it outlives the process. */
const KEPT_QUEUE: ComposeService = {
  command: ["valkey-server", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"],
  tmpfs: ["/tmp"],
  volumes: [`${VALKEY}:/data`],
};

/** What an operator says of Postgres, and what production makes of Valkey. */
export function dataSettings(service: string, { postgres, production }: Declaration): ComposeService {
  if (service === VALKEY && production !== undefined) return KEPT_QUEUE;
  if (service !== DATABASE || postgres === undefined) return {};
  const settings = Object.entries(postgres).filter(([, value]) => value !== undefined);
  return { command: ["postgres", ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])] };
}

/** Whether Valkey has a volume. */
export const keepsQueue = ({ production, server: declared }: Declaration, server: ResolvedServer): boolean =>
  production !== undefined &&
  server.valkey &&
  server.topology !== "single-container" &&
  ownServices(declared).valkey === undefined;
