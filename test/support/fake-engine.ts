import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { execPath } from "node:process";
import { dsnFile, dsnFolder } from "../../src/config/dsn-volumes.ts";
import { built } from "./built.ts";

/** Where the parts of a stack are, whose containers are plain files and processes here. */
export interface FakeEngineOptions {
  /** Of its own, for the socket, the programs and what they record. */
  readonly root: string;
  readonly project: string;
  readonly dsnDir: string;
  /** Has a folder for each secret of the stack, as its volumes have them. */
  readonly secretsDir?: string;
  /** Services that run behind the wrapper. */
  readonly apps: readonly string[];
  /** The environment in which the provisioner finds its files and the server. */
  readonly provisioner: Readonly<Record<string, string>>;
  /** What `docker compose config` says of the whole project; of the user's own files it says the part that is theirs. */
  readonly config: { readonly services: Readonly<Record<string, unknown>>; readonly [key: string]: unknown };
}

/** A process that was started, as the process list would show it. */
export interface RecordedProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface FakeEngine extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** From now on every request fails. */
  broken: boolean;
  processes(): RecordedProcess[];
}

const repository = new URL("../..", import.meta.url).pathname;

/**
 * An engine without containers: its API on a socket, and programs called docker and sh that record how they were called.
 * `docker exec` and `docker compose run` do on this machine what they would do in a container.
 */
export async function startFakeEngine(options: FakeEngineOptions): Promise<FakeEngine> {
  const { root } = options;
  const [bin, records] = [join(root, "bin"), join(root, "records")];
  for (const folder of [bin, records]) mkdirSync(folder, { recursive: true });
  const program = (name: string, text: string) => writeFileSync(join(bin, name), text, { mode: 0o755 });
  program("docker", `${RECORDING}${DOCKER}`);
  program("sh", `${RECORDING}exec /bin/sh "$@"\n`);
  const { services } = options.config;
  const theirs = Object.entries(services).filter(([name]) => !name.startsWith("glitchtip"));
  writeFileSync(join(root, "config.json"), JSON.stringify(options.config));
  writeFileSync(
    join(root, "users.json"),
    JSON.stringify({ name: options.project, services: Object.fromEntries(theirs) }),
  );
  writeFileSync(
    join(root, "inspected.json"),
    inspectedOf(options)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(""),
  );
  writeFileSync(join(root, "record.cjs"), NODE_HOOK);

  const fake = { broken: false };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://engine");
    const found = fake.broken
      ? undefined
      : answerTo(pathname.replace(/^\/v1\.\d+/, ""), searchParams, containersOf(options), options);
    const status = fake.broken ? 500 : found === undefined ? 404 : 200;
    const stat = Buffer.from(JSON.stringify({ mtime: new Date().toISOString() })).toString("base64");
    response.writeHead(
      status,
      Buffer.isBuffer(found)
        ? { "content-type": "application/x-tar", "x-docker-container-path-stat": stat }
        : { "content-type": "application/json" },
    );
    response.end(
      request.method === "HEAD"
        ? undefined
        : Buffer.isBuffer(found)
          ? found
          : JSON.stringify(found ?? { message: "no such thing" }),
    );
  });
  const socket = join(root, "engine.sock");
  await new Promise<void>((ready) => server.listen(socket, ready));
  return Object.assign(fake, {
    env: {
      DOCKER_HOST: `unix://${socket}`,
      PATH: [bin, process.env.PATH].join(delimiter),
      NODE_OPTIONS: `--require=${join(root, "record.cjs")}`,
      FAKE_ENGINE: root,
      FAKE_NODE: execPath,
      FAKE_PROVISIONER: built("provisioner.mjs"),
      ...options.provisioner,
      ...(options.secretsDir !== undefined && {
        GLITCHTIP_SECRETS_DIR: options.secretsDir,
        GLITCHTIP_SETUP_NAMES: "glitchtip_admin_password glitchtip_db_password glitchtip_secret_key",
      }),
    },
    processes: () =>
      readdirSync(records).flatMap((file): RecordedProcess[] => {
        const [argv = "", env = ""] = readFileSync(join(records, file), "utf8").split("\n\0\n");
        const pairs = env.split("\0").map((pair): [string, string] => {
          const at = pair.indexOf("=");
          return [pair.slice(0, at), pair.slice(at + 1)];
        });
        // One that was ended before it had written anything.
        return argv === "" ? [] : [{ argv: argv.split("\0"), env: Object.fromEntries(pairs) }];
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((end) => server.close(end));
    },
  });
}

/** Arguments and environment, split by NUL, into a file of its own. */
const RECORDING = `#!/bin/sh
{ printf '%s' "$0"; for word; do printf '\\0%s' "$word"; done; printf '\\n\\0\\n'; cat /proc/self/environ; } >"$FAKE_ENGINE/records/$$-$(date +%N)"
`;

const NODE_HOOK = `
const { FAKE_ENGINE } = process.env;
const env = Object.entries(process.env).map(([name, value]) => name + "=" + value).join("\\0");
require("node:fs").writeFileSync(
  FAKE_ENGINE + "/records/" + process.pid + "-" + process.hrtime.bigint(),
  [...process.argv, ...process.execArgv].join("\\0") + "\\n\\0\\n" + env,
);
`;

const DOCKER = `
if [ -n "\${FAKE_DOCKER_FAILS-}" ]; then echo "failed: $FAKE_DOCKER_FAILS" >&2; exit 17; fi
case "$*" in
  'compose version --short') echo 2.40.3 ;;
  'compose -f '*' config --format json') cat "$FAKE_ENGINE/users.json" ;;
  *' config --format json') cat "$FAKE_ENGINE/config.json" ;;
  'compose run '*) for verb; do :; done; exec "$FAKE_NODE" "$FAKE_PROVISIONER" "$verb" ;;
  'compose '*' restart '*) touch "$FAKE_ENGINE/restarted" ;;
  'compose up '*) echo ' Container shop-api-1  Started' >&2 ;;
  'wait '*) echo 0 ;;
  'ps --quiet '*) echo id-api ;;
  'inspect '*) cat "$FAKE_ENGINE/inspected.json" ;;
  'logs '*) echo 'GET /api/settings/ 200' ;;
  'exec -i id-glitchtip-db '*) ;;
  'exec -i id-'*) shift 3; exec "$@" ;;
  'volume rm '*) ;;
  *' down'*) echo ' Container shop-api-1  Removed' >&2 ;;
  *) echo "no such call: $*" >&2; exit 9 ;;
esac
`;

type Inspected = Readonly<Record<string, unknown>> & { readonly Id: string };

/** As `docker inspect` tells of a running app: its environment as it was given to it. */
const inspectedOf = ({ project, apps, config }: FakeEngineOptions) =>
  apps.map((app) => ({
    name: `/${project}-${app}-1`,
    startedAt: new Date().toISOString(),
    env: [JSON.stringify(config.services[app])],
    labels: { "com.docker.compose.project": project, "com.docker.compose.service": app },
    mounts: [],
  }));

/** When a command first looked at a project: its apps count as started then, after the first DSN and before a rotation. */
const firstLook = new Map<string, string>();

function containersOf({ project, dsnDir, apps, root, config }: FakeEngineOptions): Inspected[] {
  const imageOf = (service: string) => (config.services[service] as { image?: string } | undefined)?.image ?? "image";
  const started = firstLook.get(root) ?? new Date().toISOString();
  firstLook.set(root, started);
  const restarted = statSync(join(root, "restarted"), { throwIfNoEntry: false })?.mtime.toISOString();
  const wrapper = ["/bin/sh", join(repository, "templates", "with-dsn"), "--dir"];
  const container = (service: string, running: boolean, more: { entrypoint?: string[]; healthy?: boolean } = {}) => ({
    Id: `id-${service}`,
    Name: `/${project}-${service}-1`,
    RestartCount: 0,
    State: {
      Status: running ? "running" : "exited",
      Running: running,
      ExitCode: 0,
      OOMKilled: false,
      StartedAt: (apps.includes(service) ? restarted : undefined) ?? started,
      FinishedAt: started,
      ...(more.healthy ? { Health: { Status: "healthy" } } : {}),
    },
    Config: {
      Image: imageOf(service),
      Entrypoint: more.entrypoint ?? null,
      Labels: { "com.docker.compose.project": project, "com.docker.compose.service": service },
    },
    HostConfig: { NetworkMode: "bridge" },
    NetworkSettings: { Networks: { glitchtip: { NetworkID: "n1" } } },
  });
  return [
    container("glitchtip-db", true, { healthy: true }),
    container("glitchtip-setup", false),
    container("glitchtip-init", false),
    container("glitchtip", true, { healthy: true }),
    container("glitchtip-provision", false),
    ...apps.map((app) => container(app, true, { entrypoint: [...wrapper, dsnFolder(dsnDir, app), app, "--", "node"] })),
  ];
}

function answerTo(
  path: string,
  query: URLSearchParams,
  containers: readonly Inspected[],
  options: FakeEngineOptions,
): unknown {
  const [, id, what] = /^\/containers\/([^/]+)\/(json|archive)$/.exec(path) ?? [];
  if (id !== undefined) {
    const found = containers.find(({ Id }) => Id === id);
    return what === "json" || found === undefined ? found : archived(query.get("path") ?? "", options);
  }
  const now = new Date().toISOString();
  const answers: Record<string, unknown> = {
    "/_ping": "OK",
    "/version": { Version: "28.5.2", ApiVersion: "1.51", Components: [{ Name: "Engine" }] },
    "/info": { MemTotal: 8 * 1024 ** 3, SystemTime: now, DockerRootDir: "/", KernelVersion: "another" },
    "/containers/json": containers.map(({ Id }) => ({ Id, Names: [`/${Id}`], Labels: {}, Ports: [] })),
    "/networks": [{ Name: `${options.project}_glitchtip` }],
    "/volumes": { Volumes: [{ Name: `${options.project}_glitchtip-db` }] },
  };
  return answers[path];
}

/** As the engine hands a file over: an archive of one. */
function archived(path: string, { dsnDir, secretsDir = "/nonexistent" }: FakeEngineOptions): Buffer | undefined {
  const file = path
    .replace(/^\/run\/glitchtip\/([^/]+)\.env$/, (_, app) => dsnFile(dsnDir, app))
    .replace("/run/glitchtip", dsnDir)
    .replace("/run/secrets", secretsDir);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
  const content = readFileSync(file);
  const header = Buffer.alloc(512);
  header.write("file", 0);
  header.write(content.length.toString(8).padStart(11, "0"), 124);
  header.write("0", 156);
  return Buffer.concat([header, content, Buffer.alloc(((512 - (content.length % 512)) % 512) + 1024)]);
}
