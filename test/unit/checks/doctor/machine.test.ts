import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import type { Finding } from "../../../../src/checks/doctor/doctor.ts";
import type { PublishedPort } from "../../../../src/docker/index.ts";
import { answers, container } from "../../../support/fake-docker.ts";
import { CONFIG, examine, GIB, initiated } from "./examined.ts";

describe("the engine", () => {
  it("is too old when it lacks a feature, and so is Podman", async () => {
    const version = async () => ({ product: "Podman Engine", version: "4.3.1", apiVersion: "1.41" });
    const { bad } = await examine({ docker: { engine: { version } } });
    expect(bad[0]?.what).toMatch(/^Podman Engine 4\.3\.1 at .* lacks healthcheck\.start_interval \(since 1\.44\)/);
    expect(bad[0]?.fix).toBe("Write `engine: podman` into glitchtip.yaml, then: npx glitchtip-compose init");
  });

  it("is named with what was adapted to it where the stack is rendered for Podman", async () => {
    using folder = await initiated();
    const path = join(folder.dir, "glitchtip.yaml");
    writeFileSync(path, `${readFileSync(path, "utf8")}engine: podman\n`);
    const version = async () => ({ product: "Podman Engine", version: "4.3.1", apiVersion: "1.41" });
    const { all } = await examine({ dir: folder.dir, docker: { engine: { version } } });
    expect(all.find(({ check }) => check === "engine")).toMatchObject({
      level: "ok",
      what: expect.stringMatching(
        /^Podman Engine 4\.3\.1 at .*rendered for Podman: health checks without start_interval/,
      ),
    });
  });

  it("has too little memory for the limits of the services, without the one-shots", async () => {
    using folder = await initiated();
    const limits = Object.fromEntries(
      ["glitchtip", "glitchtip-db", "glitchtip-init"].map((name) => [name, { mem_limit: 2 * GIB }]),
    );
    const docker = { config: { services: { ...CONFIG.services, ...limits } } };
    const { bad } = await examine({ dir: folder.dir, docker, info: { memoryBytes: 3 * GIB } });
    expect(bad.find(({ check }) => check === "memory")?.what).toBe(
      "the engine has 3.0 GiB of memory; GlitchTip's services may take up to 4.0 GiB",
    );
  });

  it("reads its free space in the database's container, which has the volume", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: {
        containers: [container("glitchtip-db")],
        cli: async () =>
          answers({
            stdout: `Filesystem 1024-blocks Used Available\noverlay 9 8 ${GIB / 1024} 90% /var/lib/postgresql\n`,
          }),
      },
    });
    expect(bad).toMatchObject([{ check: "disk", level: "warn", what: expect.stringContaining("1.0 GiB free") }]);
  });

  it("does not show this machine's free space when it runs on another kernel", async () => {
    const { all } = await examine({ info: { kernel: "6.6-linuxkit" }, machine: { freeBytes: async () => 1 } });
    expect(all.find(({ check }) => check === "disk")).toMatchObject({
      level: "ok",
      what: expect.stringMatching(/not known/),
    });
  });
});

describe("a port", () => {
  const taken = (more: Partial<PublishedPort>): PublishedPort => ({
    port: 8000,
    hostIp: "0.0.0.0",
    protocol: "tcp",
    container: "other-web-1",
    ...more,
  });
  const ports = ({ all }: { all: Finding[] }) =>
    all.filter(({ check }) => check === "port").map(({ level, what }) => `${level} ${what}`);

  it("is taken by a container, which the finding names together with the setting to change", async () => {
    using folder = await initiated();
    const { bad } = await examine({ dir: folder.dir, published: [taken({ project: "other" })] });
    expect(bad).toMatchObject([
      {
        what: "127.0.0.1:8000, wanted by glitchtip, is taken by container other-web-1",
        fix: "Set GLITCHTIP_PORT in .env to a free one, or stop it: docker stop other-web-1",
      },
    ]);
  });

  it("is taken by a process that no engine knows", async () => {
    using folder = await initiated();
    const found = await examine({ dir: folder.dir, machine: { portIsFree: async (port) => port !== 3000 } });
    expect(ports(found)).toEqual([
      "fail 0.0.0.0:3000, wanted by api, is taken by a process that is no container",
      "ok 127.0.0.1:8000 (glitchtip) is free",
    ]);
  });

  it("is fine when this Compose project uses it already", async () => {
    using folder = await initiated();
    const found = await examine({
      dir: folder.dir,
      published: [taken({ project: "shop", hostIp: "127.0.0.1" })],
      machine: { portIsFree: async (port) => port !== 8000 },
    });
    expect(ports(found)).toContain("ok 127.0.0.1:8000 is in use by this Compose project's glitchtip");
  });

  it("is free when only another address or protocol is in use", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      published: [taken({ hostIp: "192.168.1.5" }), taken({ protocol: "udp" })],
    });
    expect(bad).toEqual([]);
  });

  it("may be the stack's own when no engine answers", async () => {
    using folder = await initiated();
    const found = await examine({
      dir: folder.dir,
      docker: { located: () => Promise.reject(new CodedError("GC1601", "none")) },
      machine: { portIsFree: async () => false },
    });
    expect(ports(found).every((line) => line.startsWith("warn "))).toBe(true);
  });

  it("is checked for each port of a range", async () => {
    using folder = await initiated();
    const api = { ...CONFIG.services.api, ports: [{ target: 3000, published: "3000-3002" }] };
    const found = await examine({ dir: folder.dir, docker: { config: { services: { ...CONFIG.services, api } } } });
    expect(ports(found)).toHaveLength(4);
  });
});

describe("names", () => {
  it("do not resolve for an app in another network", async () => {
    using folder = await initiated();
    const api = { networks: { default: null } };
    const { bad } = await examine({
      dir: folder.dir,
      docker: { config: { services: { ...CONFIG.services, api } } },
    });
    expect(bad).toMatchObject([
      { check: "names", what: "api does not know the name glitchtip: they share no network" },
    ]);
  });

  it("do not resolve in a running container that is older than the files", async () => {
    using folder = await initiated();
    const { bad } = await examine({
      dir: folder.dir,
      docker: { containers: [container("api", { networkIds: ["net-default"] }), container("glitchtip")] },
    });
    expect(bad).toMatchObject([{ check: "names", fix: "docker compose up -d --wait api" }]);
  });

  it("of the public address are resolved", async () => {
    using folder = await initiated();
    const file = join(folder.dir, "glitchtip.yaml");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/^( *)image:/m, "$1url: https://errors.example.com\n$1image:"),
    );
    const { bad } = await examine({ dir: folder.dir, machine: { resolves: async () => false } });
    expect(bad.find(({ check }) => check === "names")).toMatchObject({
      level: "warn",
      what: "errors.example.com (server.url) does not resolve on this machine",
    });
  });
});
