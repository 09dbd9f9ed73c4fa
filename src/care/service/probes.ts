import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { backupState } from "../../backup/index.ts";
import { readIfThere } from "../../base/files.ts";
import { Secret } from "../../base/secret.ts";
import type { Clock } from "../../base/wait.ts";
import { servedCertificate } from "../../checks/index.ts";
import { DSN_DIR } from "../../config/dsn-volumes.ts";
import { secretFile, withoutLineEnd } from "../../config/secret-volumes.ts";
import type { CareSettings } from "../../config/service-settings.ts";
import { SERVER_PORT } from "../../glitchtip/versions.ts";
import { openNodeHttp } from "../../http/node.ts";
import type { Probes } from "../probes.ts";
import { readSupervised } from "../supervised.ts";
import { postgresProbes } from "./postgres.ts";
import { askValkey } from "./valkey.ts";

const BACKUPS = "/backups";
const WITHIN_MS = 5_000;

/** Reads a mounted secret. It is read each time, because it may be rotated. */
export const mountedSecret = (name: string): Secret =>
  new Secret(withoutLineEnd(readFileSync(secretFile(name), "utf8")));

/** Returns the mounted secrets, which no message may show. */
export function mountedSecrets(settings: CareSettings): Secret[] {
  const names = [
    settings.database === "url" ? "glitchtip_database_url" : "glitchtip_db_password",
    ...(settings.valkey === "url" ? ["glitchtip_valkey_url"] : []),
  ];
  return names.map(mountedSecret);
}

/** Probes the stack by the mounts and networks of this container. */
export function mountedProbes(settings: CareSettings, folder: string, clock: Clock): Probes {
  const database = () =>
    settings.database !== "url"
      ? {
          // A folder means the socket in it: in the single container Postgres listens on no network.
          host: settings.database === "inside" ? folder : "glitchtip-db",
          user: "glitchtip",
          database: "glitchtip",
          password: mountedSecret("glitchtip_db_password").reveal(),
        }
      : { connectionString: mountedSecret("glitchtip_database_url").reveal() };
  const queue = settings.jobs === "database" ? settings.jobQueue : undefined;
  const { certificate, backups } = settings;
  return {
    database: () => postgresProbes(database(), queue).database(),
    alone: (act) => postgresProbes(database(), queue).alone(act),
    valkey: () =>
      askValkey(valkeyAddress(settings, folder), settings.jobs === "valkey" ? settings.jobQueue : undefined),
    web: askWeb,
    async certificate() {
      if (certificate === undefined) return undefined;
      const { domain, host, port } = certificate;
      return await servedCertificate({ domain, host, httpPort: 80, httpsPort: port }, clock.now());
    },
    disks: () => Promise.all([folder, ...(backups ? [BACKUPS] : [])].map(diskOf)),
    provisioner() {
      try {
        return JSON.parse(readIfThere(join(DSN_DIR, "status.json")) ?? "");
      } catch {
        return undefined;
      }
    },
    backups: () => (backups ? backupState(BACKUPS) : undefined),
    service: (name) => readSupervised(folder, name),
  };
}

function valkeyAddress({ valkey }: CareSettings, folder: string): string {
  if (valkey === "inside") return `unix:${folder}/valkey.sock`;
  return valkey === "bundled" ? "redis://glitchtip-valkey:6379/0" : mountedSecret("glitchtip_valkey_url").reveal();
}

/** Requests the address of the container's health check, whose answer needs the database and its tables. */
async function askWeb(): Promise<void> {
  const http = openNodeHttp({ timeoutMs: WITHIN_MS, keepAlive: false });
  const url = `http://glitchtip:${SERVER_PORT}/api/settings/`;
  const { status } = await http.send({ method: "GET", url }, new AbortController().signal);
  if (status !== 200) throw new Error(`it answers ${status}`);
}

async function diskOf(path: string) {
  const { blocks, bavail, bfree, bsize } = await statfs(path);
  const usable = blocks - bfree + bavail;
  return { path, usedPercent: Math.round((100 * (usable - bavail)) / Math.max(1, usable)), freeBytes: bavail * bsize };
}
