import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runProcess } from "../../src/base/process.ts";
import { describeOnEngine } from "./support/engine.ts";
import { readEvent } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const WAITS = `setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0))`;
/** As nginx's image: an entrypoint script of its own that prepares and then becomes the command. */
const SCRIPT = ["#!/bin/sh", "set -e", 'echo "prepared for $1"', "export PREPARED=yes", 'exec "$@"', ""].join("\\n");

const compose = (images: string) => `services:
  node:
    image: node:24-slim
    entrypoint: [node, -e, '${WAITS}']
  python:
    image: glitchtip/glitchtip:6
    entrypoint: [python, -c, "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()"]
  static:
    image: ${images}-static
    build: { context: ., dockerfile_inline: "FROM scratch\\nCOPY static /static\\nENTRYPOINT [\\"/static\\"]\\n" }
    environment: { spring.name: "by name" }
  closed-static:
    image: ${images}-static
    read_only: true
    user: "1000:1000"
    cap_drop: [ALL]
    environment: { spring.name: closed }
  front:
    image: ${images}-front
    build:
      context: .
      dockerfile_inline: |
        FROM node:24-slim
        RUN printf '${SCRIPT.replaceAll("$", "$$$$")}' >/prepare.sh && chmod 0755 /prepare.sh
        STOPSIGNAL SIGQUIT
        ENTRYPOINT ["/prepare.sh"]
    command: [node, -e, 'setInterval(() => {}, 1000); process.on("SIGQUIT", () => process.exit(0))']
  user:
    image: node:24-slim
    user: node
    entrypoint: [node, -e, '${WAITS}']
  closed:
    image: node:24-slim
    user: "1234:1234"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    entrypoint: [node, -e, '${WAITS}']
`;

const SERVICES = ["node", "python", "static", "closed-static", "front", "user", "closed"] as const;

/** The provisioner is an image, too: its user is not root, and each app has a DSN volume of its own. */
const DECLARATION = `version: 1
provisioner: build
admin: { email: admin@example.com }
organization: Acme
projects: { shop: { team: backend } }
apps:
  node: { project: shop, environment: staging, release: "shop@\${GIT_SHA:-dev}", sampleRate: 0.25 }
  python: { project: shop, variables: { SENTRY_DSN: container, PUBLIC_SENTRY_DSN: public } }
  static: { project: shop, inject: busybox, entrypoint: [/static], command: [] }
  closed-static: { project: shop, inject: busybox, entrypoint: [/static], command: [] }
  front: { project: shop, entrypoint: [/prepare.sh] }
  user: { project: shop }
  closed: { project: shop }
`;

describeOnEngine("every kind of image", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.in({ "glitchtip.yaml": DECLARATION });
    stack.write("compose.yaml", compose(stack.name));
    // The stand-in's only one; its official namesake is linked against libraries.
    stack.write(".env", `${stack.read(".env")}GLITCHTIP_BUSYBOX_IMAGE=busybox:1\n`);
    await buildStatic(stack.project.dir);
    await stack.init();
    await stack.up();
  });
  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    await runProcess("docker", ["rmi", "-f", `${stack.name}-static`, `${stack.name}-front`]);
  });

  it("runs its own program and delivers an event", async () => {
    const { stdout, stderr } = await stack.project.cli(["verify", "--json"]);
    const { apps } = JSON.parse(stdout) as { apps: { app: string; ok: boolean }[] };
    expect(
      apps.map(({ app, ok }) => [app, ok]),
      stderr,
    ).toEqual(SERVICES.map((app) => [app, true]));
  });

  it.each([
    ["static", "by name"],
    ["closed-static", "closed"],
  ])(
    "%s has neither shell nor tools: it reports by itself, as process 1, with variables that shells drop",
    async (service, name) => {
      const said = await until(
        `${service} has sent its event`,
        async () => /pid 1 status 200 event ([0-9a-f]{32})/.exec(await stack.logs(service))?.[1],
      );
      expect(await readEvent(stack, "shop", said)).toMatchObject({ title: `static ${name}` });
      expect((await stack.exec(service, "/bin/sh", "-c", "true")).code).not.toBe(0);
    },
  );

  it("an image's own entrypoint script runs, in front of its command", async () => {
    expect(await stack.logs("front")).toContain("prepared for node");
    expect(await stack.variable("front", "PREPARED")).toBe("yes");
    expect(await stack.variable("front", "SENTRY_DSN")).toMatch(/^http:\/\/[0-9a-f]{32}@glitchtip:8000\/\d+$/);
  });

  it("each stops at the signal that its image names, and none has to be killed", async () => {
    await stack.compose(["stop", "-t", "30", ...SERVICES]);
    const containers = await stack.containers();
    const codes = SERVICES.map((service) => [service, containers.get(service)?.State.ExitCode]);
    expect(Object.fromEntries(codes)).toEqual({
      node: 0,
      python: 0,
      static: 0,
      "closed-static": 0,
      front: 0,
      user: 0,
      closed: 0,
    });
    await stack.up();
  });

  it("an app with a server part and a browser part has both addresses", async () => {
    expect(await stack.variable("python", "SENTRY_DSN")).toContain("@glitchtip:8000/");
    expect(await stack.variable("python", "PUBLIC_SENTRY_DSN")).toContain(
      `@localhost:${stack.project.ports.glitchtip}/`,
    );
  });

  it("an app sees its own DSN and no other app's, also as root", async () => {
    for (const service of ["node", "user", "closed"]) {
      const seen = await stack.exec(service, "sh", "-c", "cat /run/glitchtip/* | grep -c DSN; find /run/glitchtip");
      expect(seen.stdout.trim().split("\n"), service).toEqual(["1", "/run/glitchtip", `/run/glitchtip/${service}.env`]);
      const mounts = (await stack.container(service)).Mounts.map(({ Name }) => Name).filter((name) =>
        /dsn/.test(name ?? ""),
      );
      expect(mounts).toEqual([`${stack.name}_glitchtip-dsn-${service}`]);
    }
  });

  it("environment, release and sample rate reach the app", async () => {
    expect(await stack.variable("node", "SENTRY_ENVIRONMENT")).toBe("staging");
    expect(await stack.variable("node", "SENTRY_RELEASE")).toBe("shop@dev");
    expect(await stack.variable("node", "SENTRY_TRACES_SAMPLE_RATE")).toBe("0.25");
  });

  it("status counts the busybox as done, and reaches no DSN with it", async () => {
    const { stdout } = await stack.project.cli(["status", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ state: "ok" });
    const { stdout: mounts } = await stack.project.docker([
      "inspect",
      "-f",
      "{{range .Mounts}}{{.Name}} {{end}}{{.HostConfig.NetworkMode}}",
      `${stack.name}-glitchtip-busybox-1`,
    ]);
    expect(mounts.trim()).toBe(`${stack.name}_glitchtip-tools none`);
  });
});

async function buildStatic(dir: string): Promise<void> {
  const source = join(import.meta.dirname, "../fixtures/static-app/main.go");
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod", GO111MODULE: "off" };
  const { code, stderr } = await runProcess("go", ["build", "-ldflags=-s -w", "-o", join(dir, "static"), source], {
    env,
    deadlineMs: 240_000,
  });
  if (code !== 0) throw new Error(`go build ended with ${code}\n${stderr}`);
}
