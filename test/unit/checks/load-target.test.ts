import { describe, expect, it } from "vitest";
import { loadTarget } from "../../../src/checks/load/load.ts";
import type { Declaration } from "../../../src/config/schema.ts";
import { observeStack } from "../../../src/running/observe.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { declare } from "../../support/provisioning.ts";

const ROOT = "/data/caddy/pki/authorities/local/root.crt";

async function target(declaration: Declaration, host = "unix:///var/run/docker.sock", owns = false) {
  const there = {
    containers: [container("glitchtip"), container("glitchtip-proxy")],
    config: { services: { "glitchtip-proxy": { ports: [{ target: 443, published: "8443" }] } } },
    files: { [`id-glitchtip-proxy:${ROOT}`]: "PEM" },
    cli: async () => answers({ stdout: "127.0.0.1:18000\n" }),
  };
  const located = async () => ({ ...(await fakeDocker(there).located()), address: { host, via: "a test" } });
  const docker = fakeDocker({ ...there, located });
  return await loadTarget(docker, declaration, await observeStack(docker), owns);
}

const production = (more: object = {}, url = "https://errors.example.com") =>
  declare({
    server: { image: "glitchtip/glitchtip:6", url },
    production: { domain: "errors.example.com", tls: { mode: "internal" }, ...more },
  });
const elsewhere = declare({ server: { url: "https://errors.example.com" } });

describe("the target of a load", () => {
  it("is the port that GlitchTip publishes on this machine, whatever the public address is", async () => {
    expect(await target(declare())).toEqual({ url: "http://127.0.0.1:18000" });
    expect(await target(production({ proxy: "nginx" }))).toEqual({ url: "http://127.0.0.1:18000" });
  });

  it("is the port of the stack's Caddy, with the domain's name and Caddy's authority", async () => {
    expect(await target(production())).toEqual({
      url: "https://errors.example.com",
      connectTo: { host: "127.0.0.1", port: 8443 },
      ca: "PEM",
    });
  });

  it.each([
    ["a server that is there already", elsewhere, undefined],
    ["a Traefik, whose machine is not known", production({ proxy: "traefik" }), undefined],
    ["a Caddy on another machine's engine", production(), "tcp://192.0.2.9:2376"],
  ])("%s only with the owner's word", async (_what, declaration, host) => {
    await expect(target(declaration, host)).rejects.toMatchObject({
      code: "GC1001",
      message: expect.stringContaining("errors.example.com is not on this machine"),
      remedy: expect.stringContaining("--i-own-this-server"),
    });
    expect(await target(declaration, host, true)).toMatchObject({ url: "https://errors.example.com" });
  });
});
