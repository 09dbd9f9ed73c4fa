import type { ProcessResult } from "../../src/base/process.ts";
import type { ComposeConfig } from "../../src/compose/model.ts";
import type { Compose, Container, Docker, DockerCli, Engine } from "../../src/docker/index.ts";

/** The result of a faked program. Streams that are left out are empty, and the exit code is 0. */
export const answers = (result: Partial<ProcessResult> = {}): ProcessResult => ({
  code: 0,
  signal: null,
  stdout: "",
  stderr: "",
  ...result,
});

/** Returns a running container of a service with the fields that a test gives. */
export const container = (service: string, more: Partial<Container> = {}): Container => ({
  id: `id-${service}`,
  name: `shop-${service}-1`,
  service,
  oneOff: false,
  state: "running",
  exitCode: 0,
  oomKilled: false,
  restarts: 0,
  sinceMs: 1_000,
  image: "",
  entrypoint: ["/glitchtip-with-dsn", service, "--", "node"],
  networkMode: "bridge",
  networkIds: ["net-glitchtip"],
  networks: [],
  volumes: [],
  mounts: [],
  ...more,
});

export interface FakeDockerOptions {
  readonly config?: Partial<ComposeConfig>;
  readonly containers?: readonly Container[];
  /** By container id and path, `id-api:/run/glitchtip/api.env`. The env file of an app in status.json is there unless it is empty here. */
  readonly files?: Readonly<Record<string, string>>;
  readonly engine?: Partial<Engine>;
  readonly compose?: Partial<Compose>;
  readonly cli?: DockerCli;
  readonly located?: Docker["located"];
}

/** Returns the env file of an app that a status file knows. */
function envFileOf(status: string | undefined, path: string): string | undefined {
  const [, app] = /^\/run\/glitchtip\/apps\/(.+)\/\1\.env$/.exec(path) ?? [];
  return app !== undefined && status?.includes(`${JSON.stringify(app)}:`) ? "SENTRY_DSN='http://k@h/1'\n" : undefined;
}

/** Docker without an engine, which answers from data. A call that a test does not provide fails the test. */
export function fakeDocker(options: FakeDockerOptions = {}): Docker {
  const { containers = [], files = {} } = options;
  const unexpected = (what: string) => () => Promise.reject(new Error(`unexpected call: ${what}`));
  const engine: Engine = {
    ping: async () => {},
    version: async () => ({ product: "Docker Engine", version: "28.5.2", apiVersion: "1.51" }),
    info: unexpected("info"),
    containers: async () => [...containers],
    publishedPorts: async () => [],
    belongings: async () => ({ networks: [], volumes: [] }),
    marks: async () => [],
    remove: unexpected("remove"),
    readFile: async (id, path) => files[`${id}:${path}`] ?? envFileOf(files[`${id}:/run/glitchtip/status.json`], path),
    withVolumes: unexpected("withVolumes"),
    fileTimeMs: async () => undefined,
    memory: async () => undefined,
    imageStart: async () => ({ entrypoint: [], command: [] }),
    seesPath: async () => true,
    hasNetwork: async () => true,
    hasVolume: async () => false,
    ...options.engine,
  };
  const address = { host: "unix:///var/run/docker.sock", via: "test" };
  return {
    located: options.located ?? (async () => ({ engine, address, env: {} })),
    cli: options.cli ?? unexpected("docker"),
    compose: {
      version: async () => "2.40.3",
      config: async () => ({ name: "shop", services: {}, ...options.config }),
      activeModel: async () => ({ name: "shop", services: {}, ...options.config }),
      up: unexpected("compose up"),
      down: unexpected("compose down"),
      run: unexpected("compose run"),
      logs: unexpected("compose logs"),
      ...options.compose,
    },
  };
}
