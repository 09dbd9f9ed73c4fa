import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "../../src/base/wait.ts";
import { addressAsker } from "../../src/checks/audience-addresses.ts";
import { checkContainers, checkDsns, checkNames, checkStartedFiles } from "../../src/checks/doctor/stack-checks.ts";
import { type Finding, runDoctor, type StackStatus, stackStatus, thisMachine } from "../../src/checks/index.ts";
import { type Docker, openDocker } from "../../src/docker/index.ts";
import { observeStack } from "../../src/running/index.ts";
import { packageAssets, readWorkspace, stackFileNames, type Workspace } from "../../src/workspace/index.ts";
import { answers } from "../support/fake-docker.ts";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const APP = '{ image: "node:24-slim", init: true, entrypoint: [sleep, "1000"], stop_grace_period: 1s }';
const COMPOSE = `services:\n  api: ${APP}\n  web: ${APP}\n`;
const DECLARATION = `version: 1
admin: { email: admin@example.com }
organization: Acme
server: { image: "glitchtip/glitchtip:5.2.1" }
projects: { shop: {} }
apps:
  api: { project: shop }
  web: { project: shop, variables: { SENTRY_DSN: container, HOST_DSN: host } }
`;
const OURS = ["glitchtip-db", "glitchtip-valkey", "glitchtip", "glitchtip-worker"];
const APPS = ["api", "web"];

interface Fault {
  /** What a finding has to name: a service, or an address. */
  readonly named: string;
  inject(): Promise<unknown>;
  heal(): Promise<unknown>;
  /** The container runs again: doctor warns, and the status may be ok. */
  readonly isOver?: true;
  /** The container looks as one does whose `up` is under way: the status may say that it starts. */
  readonly isLikeStarting?: true;
}
/** Beside other files on two cores a GlitchTip takes its time to be healthy. */
const WELL_WITHIN_MS = 240_000;
const TEST_WITHIN_MS = 1_200_000;
type Faults = Readonly<Record<string, Fault>>;

/** Returns the faults of one kind, one for each of the services. */
const each = (services: readonly string[], what: string, fault: (service: string) => Omit<Fault, "named">): Faults =>
  Object.fromEntries(services.map((named) => [`${named} ${what}`, { named, ...fault(named) }]));

describeOnEngine("the laws of diagnosis on a running stack", () => {
  let stack: Stack;
  let docker: Docker;
  let workspace: Workspace;

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE, "glitchtip.yaml": DECLARATION });
    await stack.init();
    await stack.up();
    look();
    expect(await missed()).toEqual([]);
    expect((await status()).state).toBe("ok");
  });
  afterAll(async () => stack[Symbol.asyncDispose]());

  const nameOf = (service: string) => `${stack.name}-${service}-1`;
  const engine = async (...args: string[]) => {
    const { code, stderr } = await stack.project.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}\n${stderr}`);
  };
  const compose = (...args: string[]) => engine("compose", ...args);
  const again = (service: string) => compose("up", "-d", "--no-deps", service);

  /**
   * Reads the files. Compose reads them once for all faults that change no file, and programs in containers are not
   * asked: what remains is the engine's picture.
   */
  function look(): void {
    workspace = readWorkspace(stack.project.dir, process.env);
    const real = openDocker({ dir: stack.project.dir, env: process.env, signal: new AbortController().signal });
    const config = real.compose.config();
    docker = { ...real, cli: async () => answers({ code: 1 }), compose: { ...real.compose, config: () => config } };
  }

  const status = (of = docker): Promise<StackStatus> =>
    stackStatus(of, workspace.declaration, {
      dir: workspace.dir,
      nowMs: Date.now(),
      stackFiles: stackFileNames(workspace),
      ask: addressAsker({ env: {}, signal: new AbortController().signal }, workspace.declaration),
    });

  /** What doctor finds in the picture of what runs. */
  async function missed(of = docker): Promise<Finding[]> {
    const running = await observeStack(of);
    const found = [
      ...checkContainers(running, workspace.declaration),
      ...checkStartedFiles(running, workspace.declaration, stackFileNames(workspace)),
      ...(await checkDsns(running)),
      ...(await checkNames(workspace.declaration, running.config, running, thisMachine(systemClock))),
    ];
    return found.filter(({ level }) => level !== "ok");
  }

  /** Returns an engine that lists the containers once: what status and doctor say is said of one picture. */
  async function picture(): Promise<Docker> {
    const found = await docker.located();
    const list = found.engine.containers(stack.name);
    return { ...docker, located: async () => ({ ...found, engine: { ...found.engine, containers: () => list } }) };
  }

  const isNamed = (text: string, named: string) =>
    new RegExp(`(?:^|[^\\w-])(?:${stack.name}-)?${named}(?:-1)?(?![\\w-])`).test(text);

  /** Injects the fault, asks doctor and status, and heals it. Returns which laws do not hold. */
  async function broken({ named, inject, heal, isOver, isLikeStarting }: Fault): Promise<string[]> {
    await inject();
    const seen = await picture();
    const [{ state, next }, found] = await Promise.all([status(seen), missed(seen)]);
    await heal();
    // A container that lost its database for a moment, and was restarted, stays a warning.
    const isWell = ({ level, what }: Finding) => level === "warn" && !(isOver && isNamed(what, named));
    const well = async () => ((await missed()).every(isWell) ? true : undefined);
    await until(`${named} is well again`, well, WELL_WITHIN_MS);
    const isTold = found.some(({ level, what }) => isNamed(what, named) && (isOver || level === "fail"));
    return [
      ...(isTold ? [] : [`doctor does not name it: ${JSON.stringify(found)}`]),
      ...found.flatMap(({ what, fix }) => (fix === undefined || /doctor/.test(fix) ? [`no way out of: ${what}`] : [])),
      ...(isOver || (state !== "ok" && (isLikeStarting || state !== "starting")) ? [] : [`status is ${state}`]),
      ...(isOver || state !== "broken" || next.some((line) => isNamed(line, named))
        ? []
        : [`next: ${next.join("; ")}`]),
    ];
  }

  /** Executes faults of different containers one after the other, since one must not hide another. */
  async function expectLaws(faults: Faults): Promise<void> {
    const found: Record<string, string[]> = {};
    for (const [what, fault] of Object.entries(faults)) {
      const laws = await broken(fault);
      if (laws.length > 0) found[what] = laws;
    }
    expect(found).toEqual({});
  }

  it(
    "a container that is paused, killed, stopped, removed or never started is named, and the status is broken",
    async () => {
      await expectLaws({
        ...each([...OURS, ...APPS], "is paused", (name) => ({
          // The kernel may refuse to freeze a process that is in the middle of a call.
          inject: () =>
            until(`${name} is paused`, async () => {
              const { code } = await stack.project.docker(["pause", nameOf(name)]);
              return code === 0 ? true : undefined;
            }),
          heal: () => engine("unpause", nameOf(name)),
        })),
        ...each([...OURS, ...APPS], "is killed", (name) => ({
          inject: () => engine("kill", nameOf(name)),
          heal: () => engine("start", nameOf(name)),
        })),
        ...each([...OURS, ...APPS], "is stopped", (name) => ({
          inject: () => engine("stop", "-t", "5", nameOf(name)),
          heal: () => engine("start", nameOf(name)),
        })),
        ...each(["glitchtip-valkey", "glitchtip-worker", "glitchtip-provision"], "is removed", (name) => ({
          inject: () => engine("rm", "-f", nameOf(name)),
          heal: () => again(name),
        })),
        ...each(["glitchtip-valkey", "api"], "is made and never started", (name) => ({
          isLikeStarting: true,
          inject: async () => {
            await engine("rm", "-f", nameOf(name));
            await compose("up", "--no-start", "--no-deps", name);
          },
          heal: () => engine("start", nameOf(name)),
        })),
      });
    },
    TEST_WITHIN_MS,
  );

  it(
    "a container whose process was killed and that runs again is named",
    async () => {
      await expectLaws(
        each(OURS, "crashed", (name) => ({
          isOver: true,
          inject: async () => {
            const { State } = await stack.container(name);
            const asHost = [
              "run",
              "--rm",
              "--privileged",
              "--pid",
              "host",
              "busybox:1",
              "kill",
              "-9",
              String(State.Pid),
            ];
            await engine(...asHost);
            await until(`${name} runs again`, async () => {
              const { RestartCount } = await stack.container(name);
              return RestartCount > 0 ? true : undefined;
            });
          },
          heal: () => engine("restart", "-t", "5", nameOf(name)),
        })),
      );
    },
    TEST_WITHIN_MS,
  );

  it(
    "a container of another image than the files say is named",
    async () => {
      const env = stack.read(".env");
      const variables = { "glitchtip-db": "POSTGRES_IMAGE", "glitchtip-valkey": "VALKEY_IMAGE", glitchtip: "IMAGE" };
      await expectLaws({
        "glitchtip was swapped by an updater": {
          named: "glitchtip",
          inject: () =>
            stack.compose(["up", "-d", "--no-deps", "glitchtip"], {
              env: { ...process.env, GLITCHTIP_IMAGE: "glitchtip/glitchtip:6" },
            }),
          heal: () => again("glitchtip"),
        },
        ...each(Object.keys(variables), "runs another image", (name) => ({
          inject: async () => {
            const variable = `GLITCHTIP_${variables[name as keyof typeof variables]}`;
            stack.write(".env", `${env}${variable}=glitchtip/other:5.2.9\n`);
            look();
          },
          heal: async () => {
            stack.write(".env", env);
            look();
          },
        })),
      });
    },
    TEST_WITHIN_MS,
  );

  it(
    "an app without its DSN, or cut off from GlitchTip, is named, and the status is broken",
    async () => {
      await expectLaws({
        ...each(APPS, "was started without our Compose file", (name) => ({
          inject: () => compose("-f", "compose.yaml", "up", "-d", "--no-deps", name),
          heal: () => again(name),
        })),
        ...each(APPS, "lost the file of its DSN", (name) => ({
          inject: async () => {
            const volume = `${stack.name}_glitchtip-dsn-${name}:/dsn`;
            await engine("run", "--rm", "-v", volume, "busybox:1", "rm", `/dsn/${name}.env`);
          },
          heal: async () => {
            await engine("start", "-a", nameOf("glitchtip-provision"));
            await engine("restart", "-t", "1", nameOf(name));
          },
        })),
        ...each(APPS, "is in no network of GlitchTip's", (name) => ({
          inject: async () => {
            const { Networks } = (await stack.container(name)).NetworkSettings;
            for (const one of Object.keys(Networks)) await engine("network", "disconnect", one, nameOf(name));
          },
          heal: () => compose("up", "-d", "--no-deps", "--force-recreate", name),
        })),
      });
    },
    TEST_WITHIN_MS,
  );

  it(
    "an `up` that failed has a finding with its cause",
    async () => {
      const causes: Readonly<Record<string, string>> = {
        api: '{ entrypoint: ["false"] }',
        "glitchtip-provision": '{ entrypoint: ["false"] }',
        "glitchtip-init": '{ entrypoint: ["false"] }',
      };
      for (const [service, changes] of Object.entries(causes)) {
        stack.override(`services:\n  ${service}: ${changes}\n`);
        await stack.up({ ends: 1, args: ["--no-deps", service] });
        look();
        const real = openDocker({ dir: stack.project.dir, env: process.env, signal: new AbortController().signal });
        const assets = packageAssets();
        const machine = thisMachine(systemClock);
        const found = await runDoctor({ docker: real, machine, assets, env: process.env, workspace: () => workspace });
        const named = found.filter(({ level, what }) => level === "fail" && isNamed(what, service));
        expect([service, new Set(named.map(({ fix }) => typeof fix))]).toEqual([service, new Set(["string"])]);
        expect((await status()).state).toBe("broken");
      }
    },
    TEST_WITHIN_MS,
  );
});
