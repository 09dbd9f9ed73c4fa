import { describe, expect, it } from "vitest";
import type { DockerCli } from "../../../../src/docker/index.ts";
import type { RotatingProject } from "../../../../src/provision/rotate/execute.ts";
import { findHolders } from "../../../../src/provision/rotate/holders.ts";
import { observeStack } from "../../../../src/running/observe.ts";
import { answers, container, fakeDocker } from "../../../support/fake-docker.ts";
import { declare } from "../../../support/provisioning.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const PUBLISHED = Date.parse("2026-01-01T12:00:00Z");
const BEFORE = "2026-01-01T11:00:00.5Z";
const AFTER = "2026-01-01T12:00:01.5Z";

const ROTATING: RotatingProject = {
  project: "shop",
  apps: ["api", "web"],
  step: "published",
  publishedAtMs: PUBLISHED,
  retiringKey: KEY,
};
const declaration = declare({
  projects: { shop: {}, jobs: {} },
  apps: {
    api: { project: "shop" },
    web: { project: "shop", audience: "public" },
    tool: { project: "shop", audience: "host" },
    job: { project: "jobs" },
  },
});

interface Running {
  readonly name: string;
  readonly service?: string;
  readonly project?: string;
  readonly startedAt?: string;
  readonly env?: readonly string[];
  readonly volume?: string;
}

const told = ({ name, service, project = "shop", startedAt = BEFORE, env = [], volume }: Running): string =>
  JSON.stringify({
    name: `/${name}`,
    startedAt,
    env,
    labels:
      service === undefined ? null : { "com.docker.compose.project": project, "com.docker.compose.service": service },
    mounts: volume === undefined ? [] : [{ Type: "bind" }, { Type: "volume", Name: volume }],
  });

async function holders(
  running: readonly Running[],
  more: { log?: readonly string[]; services?: object; rotating?: RotatingProject } = {},
) {
  const asked: string[] = [];
  const cli: DockerCli = async (args, options = {}) => {
    asked.push(args.join(" "));
    if (args[0] === "ps") return answers({ stdout: running.map(({ name }) => `id-${name}\n`).join("") });
    if (args[0] === "logs") for (const line of more.log ?? []) options.onStderrLine?.(line);
    return answers(args[0] === "inspect" ? { stdout: running.map(told).join("\n"), code: 1 } : {});
  };
  const docker = fakeDocker({
    cli,
    containers: [container("glitchtip"), container("api")],
    config: { services: { ...more.services }, volumes: VOLUMES },
  });
  const stack = await observeStack(docker);
  const found = await findHolders(docker, stack, declaration, [more.rotating ?? ROTATING], PUBLISHED);
  return { asked, now: found.now.map(({ who, why }) => `${who}: ${why}`), maybe: found.maybe.map(({ who }) => who) };
}

/** The volume of the app, and the one that all apps had in earlier versions. */
const DSN = { volume: "shop_glitchtip-dsn-api" };
const OLD = { volume: "shop_glitchtip-dsn" };
const VOLUMES = { "glitchtip-dsn": { name: OLD.volume }, "glitchtip-dsn-api": { name: DSN.volume } };

describe("who may hold the old key", () => {
  it("are containers with the DSN volume that started before the new one was published, one-off ones too", async () => {
    const { now } = await holders([
      { name: "shop-api-1", service: "api", ...DSN },
      { name: "shop-api-2", service: "api", startedAt: AFTER, ...DSN },
      { name: "shop-api-run-1", service: "api", ...DSN },
      { name: "other-uses-it", service: "x", project: "other", ...DSN },
      { name: "by-hand", ...DSN },
      { name: "not-recreated-yet", service: "api", ...OLD },
    ]);
    expect(now).toEqual(
      ["shop-api-1", "shop-api-run-1", "other-uses-it", "by-hand", "not-recreated-yet"].map(
        (name) => `container ${name}: has not been restarted since`,
      ),
    );
  });

  it("are not GlitchTip's own, not apps of other projects, and not those without the volume", async () => {
    const { now } = await holders([
      { name: "shop-glitchtip-provision-1", service: "glitchtip-provision", ...DSN },
      { name: "shop-job-1", service: "job", ...OLD },
      { name: "shop-cache-1", service: "cache" },
    ]);
    expect(now).toEqual([]);
  });

  it("are containers of any project that have it in their own environment", async () => {
    const env = [`SENTRY_DSN=http://${KEY}@glitchtip:8000/1`];
    const { now } = await holders([{ name: "elsewhere-1", service: "x", project: "other", startedAt: AFTER, env }]);
    expect(now).toEqual(["container elsewhere-1: has it in its own environment"]);
  });

  it("on the way back are only those that can have got the new one", async () => {
    const back = { ...ROTATING, retiringSinceMs: Date.parse("2026-01-01T11:30:00Z") };
    const running = [
      { name: "kept-1", service: "api", ...DSN },
      { name: "changed-1", service: "api", startedAt: "2026-01-01T11:45:00Z", ...DSN },
    ];
    expect((await holders(running, { rotating: back })).now).toEqual([
      "container changed-1: has not been restarted since",
    ]);
  });

  it("show in the log of a server that writes addresses", async () => {
    const log = [`POST /api/1/envelope/?sentry_key=${KEY} => 200`, "POST /api/1/envelope/?sentry_key=f00 => 200"];
    const { now, asked } = await holders([], { log });
    expect(now).toEqual(["somebody: sent 1 request with it just now"]);
    expect(asked).toContain("logs --since 2026-01-01T12:00:00.000Z id-glitchtip");
  });

  it("may be browsers, programs on the host, and services that would get it from a file at their next start", async () => {
    const services = { legacy: { environment: { DSN: `http://${KEY}@x/1` } }, tool: {} };
    const rotating = { ...ROTATING, apps: ["web", "tool"] };
    expect((await holders([], { services, rotating })).maybe).toEqual([
      "service legacy",
      "browsers with a page of web",
      "programs outside of containers, by tool",
    ]);
    expect((await holders([], { services: { tool: { network_mode: "host" } }, rotating })).maybe).toEqual([
      "browsers with a page of web",
    ]);
  });
});
