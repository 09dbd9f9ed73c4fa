import type { Docker } from "../../src/docker/index.ts";
import { answers, container, fakeDocker } from "./fake-docker.ts";

export interface SimulatedStack {
  readonly docker: Docker;
  /** Every call that changes something, by its name, in order. */
  readonly calls: string[];
  readonly running: Set<string>;
  /** Jobs in Valkey; a running worker takes two between two looks. */
  queue: number;
  /** The password that the database asks for, and the files of its volume. */
  readonly password: { database: string; value: string; next?: string };
  /** When a service last started, counted in calls. */
  readonly started: Map<string, number>;
}

export interface SimulatedOptions {
  readonly services?: readonly string[];
  /** The numbers of the calls that fail, and whether they fail before or after they have done their work. */
  readonly failing?: readonly number[];
  readonly when?: "before" | "after";
  readonly queue?: number;
  /** Compose's hash of the database's settings in the files; what runs has `now`. */
  readonly databaseHash?: string;
  /** Called at each stop of the database: what ran then. */
  onDatabaseStop?(running: ReadonlySet<string>, queue: number): void;
}

const SERVICES = ["glitchtip-db", "glitchtip-valkey", "glitchtip", "glitchtip-worker", "glitchtip-setup", "api"];
const isRunning = (name: string) => !/-(setup|init|provision)$/.test(name);

/** A stack whose containers are a set of names: what commands around a restart of the database do to it can be seen. */
export function simulatedStack(options: SimulatedOptions = {}): SimulatedStack {
  const { services = SERVICES, failing = [], when = "before", queue = 5, databaseHash = "now" } = options;
  const running = new Set(services.filter(isRunning));
  const stack: Omit<SimulatedStack, "docker"> = {
    calls: [],
    running,
    queue,
    password: { database: "old", value: "old" },
    started: new Map(),
  };
  const call = async <T>(name: string, work: () => T): Promise<T> => {
    stack.calls.push(name);
    const fails = failing.includes(stack.calls.length);
    if (fails && when === "before") throw new Error(`${name} failed`);
    const result = work();
    if (fails) throw new Error(`${name} failed`);
    return result;
  };
  const stop = (names: readonly string[]) => {
    for (const name of names) {
      if (name === "glitchtip-db" && running.has(name)) options.onDatabaseStop?.(new Set(running), stack.queue);
      running.delete(name);
    }
  };
  const start = (names: readonly string[]) => {
    for (const name of names) {
      if (!running.has(name)) stack.started.set(name, stack.calls.length);
      running.add(name);
    }
  };
  const ofCompose = (args: readonly string[]) => {
    const [verb = "", ...words] = args.filter((word) => word !== "compose" && word !== "--profile" && word !== "*");
    const names = words.filter((word) => !word.startsWith("--"));
    if (verb === "config") return Promise.resolve(answers({ stdout: `${names.join(" ")} ${databaseHash}\n` }));
    return call(`${verb} ${names.join(" ")}`, () => {
      if (verb !== "up") stop(names);
      if (verb !== "stop") start(names);
      return answers();
    });
  };
  const docker = fakeDocker({
    config: { services: Object.fromEntries(services.map((name) => [name, {}])) },
    engine: {
      containers: async () =>
        services.map((name) => container(name, { state: running.has(name) ? "running" : "exited", configHash: "now" })),
      readFile: async (_id, path) => stack.password[path.endsWith("/next") ? "next" : "value"],
      fileTimeMs: async () => 0,
    },
    cli: async (args, { stdin = "" } = {}) => {
      if (args[0] === "compose") return ofCompose(args);
      const script = args.at(-1) ?? "";
      if (script.includes("LLEN")) {
        const found = stack.queue;
        if (running.has("glitchtip-worker")) stack.queue = Math.max(0, found - 2);
        return answers({ stdout: `${found}\n` });
      }
      if (script === "flushall") {
        return call(`flush ${stack.queue} jobs`, () => {
          stack.queue = 0;
          return answers({ stdout: "OK\n" });
        });
      }
      if (script.includes("SHOW data_directory")) return answers();
      if (script.includes("ALTER ROLE")) {
        return call("set password", () => {
          stack.password.database = stdin.split("\n")[1] ?? "";
          return answers();
        });
      }
      throw new Error(`unexpected: docker ${args.join(" ")}`);
    },
    compose: {
      up: ({ services: named = [] } = {}) => {
        const all = named.length === 0 ? services.filter(isRunning) : named;
        return call(`up ${named.join(" ")}`.trim(), () => {
          if (named.length === 0 && databaseHash !== "now") stop(["glitchtip-db"]);
          start(all);
        });
      },
      run: (_service, _args, { stdin = "" } = {}) => {
        const asked = JSON.parse(stdin) as { action: string; as?: string; values?: Record<string, string> };
        return call(`${asked.action} secret`, () => {
          const { password } = stack;
          if (asked.action === "write") password.next = Object.values(asked.values ?? {})[0] ?? "";
          else if (password.next !== undefined) {
            password.value = password.next;
            delete password.next;
          }
          return answers();
        });
      },
    },
  });
  return Object.assign(stack, { docker });
}
