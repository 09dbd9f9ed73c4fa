import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import type { Container, PublishedPort } from "../../../../src/docker/index.ts";
import { answers, container, type FakeDockerOptions } from "../../../support/fake-docker.ts";
import { CONFIG, examine, initiated } from "./examined.ts";

interface Fault {
  readonly docker?: FakeDockerOptions;
  readonly published?: readonly PublishedPort[];
  readonly incomplete?: true;
  /** What the finding says, and what it tells to type. */
  readonly what: RegExp;
  readonly fix: RegExp;
}

const SERVICES = ["api", "glitchtip", "glitchtip-db"];
/** The containers of a started project, one of them with a fault. */
const withFault = (service: string, more: Partial<Container>): FakeDockerOptions => ({
  containers: [
    ...SERVICES.filter((name) => name !== service).map((name) => container(name)),
    container("glitchtip-init", { state: "exited" }),
    container(service, more),
  ],
});
const modelWith = (more: object): FakeDockerOptions => ({ config: { ...CONFIG, ...more } });
const ofService = (service: string, port: number) => ({
  port,
  hostIp: "127.0.0.1",
  protocol: "tcp",
  container: `shop-${service}-1`,
  project: "shop",
  service,
});

const FAULTS: Readonly<Record<string, Fault>> = {
  "two services of the model want one port": {
    docker: modelWith({
      services: { ...CONFIG.services, api: { ports: [{ target: 80, published: "8000" }] } },
    }),
    what: /8000 is wanted by .*api.*only one of them can start/,
    fix: /GLITCHTIP_PORT in \.env/,
  },
  "a container of another service has the port": {
    docker: withFault("api", { state: "created" }),
    published: [ofService("glitchtip", 3000)],
    what: /0\.0\.0\.0:3000, wanted by api, is taken by container shop-glitchtip-1/,
    fix: /docker stop shop-glitchtip-1/,
  },
  "a container is created and the engine says why it could not be started": {
    docker: withFault("glitchtip", { state: "created", startError: "Bind for 127.0.0.1:8000 failed" }),
    what: /shop-glitchtip-1 could not be started: Bind for 127\.0\.0\.1:8000 failed/,
    fix: /docker compose up -d --wait/,
  },
  "an app is created and never started": {
    docker: withFault("api", { state: "created" }),
    what: /shop-api-1 was created and never started/,
    fix: /docker compose up -d --wait/,
  },
  "an app's recreation was interrupted": {
    docker: withFault("api", { state: "created", name: "0123456789ab_shop-api-1" }),
    what: /api was interrupted while its container was recreated/,
    fix: /docker compose up -d --wait/,
  },
  "a container starts again and again": {
    docker: withFault("glitchtip", { state: "restarting", exitCode: 1, restarts: 7 }),
    what: /keeps restarting \(7 times, last exit code 1\)/,
    fix: /docker compose logs --tail 50 glitchtip/,
  },
  "a container was killed": {
    docker: withFault("glitchtip-db", { state: "exited", exitCode: 137 }),
    what: /ended with exit code 137/,
    fix: /Raise mem_limit of glitchtip-db/,
  },
  "a container is unhealthy": {
    docker: withFault("glitchtip", { health: "unhealthy", healthOutput: "URLError: Connection refused" }),
    what: /is unhealthy: URLError: Connection refused/,
    fix: /docker compose logs/,
  },
  "a one-shot failed": {
    docker: withFault("glitchtip-init", { state: "exited", exitCode: 1 }),
    what: /glitchtip-init-1 ended with exit code 1/,
    fix: /docker compose logs --tail 50 glitchtip-init shows why; then: docker compose up -d --wait$/,
  },
  "a one-shot could not sign in to the database": {
    docker: withFault("glitchtip-init", { state: "exited", exitCode: 77 }),
    what: /glitchtip-init-1 ended with exit code 77: the database has another password than the stack/,
    fix: /^npx glitchtip-compose secrets rotate db-password$/,
  },
  "a service of ours has no container": {
    incomplete: true,
    docker: { containers: SERVICES.slice(0, 2).map((name) => container(name)) },
    what: /glitchtip-db has no container/,
    fix: /docker compose up -d --wait/,
  },
  "an image is not there and cannot be had": {
    docker: {
      ...modelWith({ services: { ...CONFIG.services, glitchtip: { image: "glitchtip/glitchtip:v6.2.2" } } }),
      engine: { imageStart: async () => undefined },
      cli: async () => answers({ code: 1, stderr: "no such manifest: docker.io/glitchtip/glitchtip:v6.2.2\n" }),
    },
    what: /image glitchtip\/glitchtip:v6\.2\.2 of glitchtip is not on this engine.*no such manifest/,
    fix: /docker compose pull glitchtip/,
  },
  "an external network is missing": {
    docker: {
      ...modelWith({
        services: { ...CONFIG.services, glitchtip: { networks: { proxy: null } } },
        networks: { proxy: { name: "traefik", external: true } },
      }),
      engine: { hasNetwork: async () => false },
    },
    what: /the network traefik, which glitchtip needs, does not exist/,
    fix: /docker network create traefik/,
  },
  "an external volume is missing": {
    docker: {
      ...modelWith({ volumes: { data: { name: "shop-data", external: true } } }),
      engine: { hasVolume: async () => false },
    },
    what: /the volume shop-data does not exist/,
    fix: /docker volume create shop-data/,
  },
  "the engine does not see the folder": {
    docker: { engine: { seesPath: async () => false } },
    what: /the engine at unix:\/\/\/var\/run\/docker\.sock does not see the folder /,
    fix: /under the same path/,
  },
  "Compose refuses the files": {
    docker: {
      compose: {
        config: () =>
          Promise.reject(
            new CodedError("GC1604", "docker compose config failed (exit 15)", {
              problems: ["service glitchtip refers to undefined network"],
              remedy: "Look at the files. npx glitchtip-compose doctor shows why.",
            }),
          ),
      },
    },
    what: /docker compose config failed/,
    fix: /^Look at the files\.$/,
  },
};

describe("after an up that failed doctor names the cause and the line to type", () => {
  it.each(Object.entries(FAULTS))("%s", async (_, { what, fix, ...setup }) => {
    using folder = await initiated();
    const { bad } = await examine({ dir: folder.dir, ...setup });
    const problems = bad.filter(({ level }) => level === "fail");
    expect(problems).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(what), fix: expect.stringMatching(fix) }),
    );
    expect(JSON.stringify(bad)).not.toContain("glitchtip-compose doctor");
  });
});

it("a container of ours that was restarted is told, since the engine forgets that it was killed", async () => {
  using folder = await initiated();
  const { bad } = await examine({ dir: folder.dir, docker: withFault("glitchtip-db", { restarts: 1 }) });
  expect(bad).toContainEqual(
    expect.objectContaining({
      level: "warn",
      what: expect.stringContaining("shop-glitchtip-db-1 ended and was restarted once"),
    }),
  );
});

it.each([
  { image: "glitchtip/glitchtip:5.2.1", service: "glitchtip-db", loses: true },
  { image: "glitchtip/glitchtip:5.2.1", service: "glitchtip-worker", loses: true },
  { image: "glitchtip/glitchtip:5.2.1", service: "glitchtip", loses: false },
  { image: "glitchtip/glitchtip:6", service: "glitchtip-db", loses: false },
])("says where a restart may have lost accepted events: $service of $image", async ({ image, service, loses }) => {
  using folder = await initiated(image);
  const { bad } = await examine({ dir: folder.dir, docker: withFault(service, { restarts: 1 }) });
  const [found] = bad.filter(({ what }) => what.includes("ended and was restarted"));
  expect(found?.what.includes("had accepted just before may be lost")).toBe(loses);
});

it("names the first that failed first, and says of the others that they wait for it", async () => {
  using folder = await initiated();
  const containers = [
    container("api", { state: "exited", exitCode: 78 }),
    container("glitchtip-provision", { state: "exited", exitCode: 4 }),
    container("glitchtip", { state: "restarting", exitCode: 1, restarts: 6 }),
    container("glitchtip-init", { state: "exited", exitCode: 1 }),
  ];
  const { bad } = await examine({ dir: folder.dir, docker: { containers } });
  expect(bad.filter(({ check }) => check === "containers").map(({ what, fix }) => `${what} → ${fix}`)).toEqual([
    "shop-glitchtip-init-1 ended with exit code 1 → docker compose logs --tail 50 glitchtip-init shows why; then: docker compose up -d --wait",
    expect.stringMatching(
      /^shop-glitchtip-1 keeps restarting .*: it waits for glitchtip-init → First fix glitchtip-init\.$/,
    ),
    expect.stringMatching(/^shop-glitchtip-provision-1 .*: it waits for glitchtip-init → /),
    expect.stringMatching(/^shop-api-1 ended with exit code 78: it waits for glitchtip-init → /),
  ]);
});
