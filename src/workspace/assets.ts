import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { UserProject } from "../compose/model.ts";
import type { Declaration } from "../config/schema.ts";
import type { StackTexts } from "../stack/model.ts";
import { type ComposeTemplates, openTemplates } from "../stack/templates.ts";

declare const VERSION: string;

/** The files that the package brings along: templates and the provisioner's bundle. */
export interface Assets {
  readonly version: string;
  compose(): ComposeTemplates;
  texts(): StackTexts;
  sample(name: "compose.yaml" | "server.mjs"): string;
  /** The script that sends an event from inside an app's container. */
  sendEvent(): string;
  /** The script that `manage.py shell` runs for users and organizations. */
  accounts(): string;
  /** The script that teaches a shell to complete our commands. */
  completion(shell: string): string;
  /** The JSON Schema of the declaration, for editors; undefined in a source tree that is not built. */
  editorSchema(): string | undefined;
  /** The names of the documentation's pages, without `.md`. */
  guides(): readonly string[];
  guide(name: string): string;
  /** The script of a bundle that loads it. */
  loadBundle(): string;
}

/** The files that the Dockerfile of the single container copies. The Dockerfile sets their modes. */
const ALL_IN_ONE = [
  "Dockerfile",
  "install-packages",
  ...[
    "after",
    "care-folder",
    "finish-program",
    "first-run",
    "health",
    "log-program",
    "prepare-postgres",
    "programs",
    "start",
    "stop-all",
    "supervised",
  ].map((name) => `bin/${name}`),
  ...["pg_hba.conf", "pg_ident.conf", "postgresql.conf"].map((name) => `postgres/${name}`),
  ...["init", "postgres", "valkey", "web", "worker"].flatMap((name) =>
    ["run", "notification-fd"].map((file) => `services/${name}/${file}`),
  ),
  ...["postgres", "valkey", "web", "worker"].map((name) => `services/${name}/data/check`),
  ...["valkey", "web", "worker"].map((name) => `services/${name}/timeout-kill`),
  "services/postgres/down-signal",
  ...["SIGINT", "SIGQUIT", "SIGTERM", "finish"].map((name) => `svscan/${name}`),
];

/** Returns the assets of the package that this code runs in, which is the source tree or the published package. */
export function packageAssets(root = packageRoot()): Assets {
  const text = (path: string) => {
    const found = readIfThere(join(root, path));
    if (found !== undefined) return found;
    throw new CodedError("GC1901", `${path} is missing in this package`, {
      remedy: "In a clone: npm run build. Otherwise install glitchtip-compose again.",
    });
  };
  return {
    version: VERSION,
    compose: () => openTemplates((name) => text(`templates/compose/${name}.yaml`)),
    texts: () => ({
      withDsn: text("templates/with-dsn"),
      gate: text("templates/init/gate.py"),
      provisioner: text("dist/provisioner.mjs"),
      backupDb: text("templates/backup/backup-db.sh"),
      backup: () => text("dist/backup.mjs"),
      care: () => text("dist/care.mjs"),
      serve: () => text("dist/serve.mjs"),
      supervise: () => text("templates/care/supervise.py"),
      provisionerDockerfile: () => text("images/provisioner/Dockerfile"),
      allInOne: () => Object.fromEntries(ALL_IN_ONE.map((path) => [path, text(`images/all-in-one/${path}`)])),
    }),
    sample: (name) => text(`templates/sample-app/${name}`),
    sendEvent: () => text("templates/send-event"),
    accounts: () => text("templates/accounts/accounts.py"),
    completion: (shell) => text(`templates/completion/${shell}`),
    editorSchema: () => readIfThere(join(root, "dist/glitchtip.schema.json")),
    guides: () =>
      readdirSync(join(root, "docs"))
        .filter((name) => name.endsWith(".md"))
        .map((name) => name.slice(0, -3)),
    guide: (name) => text(`docs/${name}.md`),
    loadBundle: () => text("templates/bundle/load.sh"),
  };
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "templates", "compose"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new CodedError("GC1901", "the package's templates folder is missing");
    folder = parent;
  }
  return folder;
}

/** The port of the sample app, where it is free. */
export const SAMPLE_PORT = 3000;
const SAMPLE_PORT_TEXT = /\$\{APP_PORT:-(\d+)\}/;

/** Returns the port that the sample application's Compose file states; undefined for another text. */
export const samplePortIn = (text: string): string | undefined => SAMPLE_PORT_TEXT.exec(text)?.[1];

/** Returns true for the sample application's own Compose file, which an earlier, interrupted run made. */
export function isSample(text: string, assets: Assets): boolean {
  const port = Number(samplePortIn(text));
  return text === sampleCompose(assets, "docker", port) || text === sampleCompose(assets, "podman", port);
}

/** Returns the sample application's Compose file. Podman's API does not know `start_interval`. */
export function sampleCompose(assets: Assets, engine: Declaration["engine"], port: number): string {
  const text = assets.sample("compose.yaml").replace(SAMPLE_PORT_TEXT, `\${APP_PORT:-${port}}`);
  return engine === "podman"
    ? text.replace("interval: 30s", "interval: 2s").replace(/^ *start_interval:.*\n/m, "")
    : text;
}

/** Returns what the sample's Compose file states, so that nothing has to parse it. */
export const sampleProject = (port: number): UserProject => ({
  services: {
    app: {
      entrypoint: ["node"],
      command: ["server.mjs"],
      networks: ["default"],
      readOnly: true,
      environment: ["PORT"],
      envFiles: [],
      ports: [{ target: 3000, published: String(port), host_ip: "127.0.0.1", variable: "APP_PORT" }],
      folders: [{ kind: "bind mount", path: "app", target: "/app" }],
    },
  },
  names: { services: ["app"], networks: [], volumes: [], secrets: [], configs: [] },
});
