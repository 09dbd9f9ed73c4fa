import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import type { Run } from "../../../src/base/process.ts";
import { type LocateContext, locateEngine } from "../../../src/docker/locate.ts";
import { answers, fakeDocker } from "../../support/fake-docker.ts";

const contextOf = (name: string, host: string, more: object = {}) =>
  answers({ stdout: JSON.stringify([{ Name: name, Endpoints: { docker: { Host: host } }, ...more }]) });

/** Which addresses were tried, and what became of it. */
async function locate(
  answering: readonly string[],
  more: { env?: LocateContext["env"]; run?: Run; exists?: readonly string[]; platform?: NodeJS.Platform } = {},
) {
  const tried: string[] = [];
  const located = await locateEngine({
    env: { HOME: "/home/ann", ...more.env },
    run: more.run ?? (async () => contextOf("default", "unix:///var/run/docker.sock")),
    signal: new AbortController().signal,
    platform: more.platform ?? "linux",
    uid: 1000,
    exists: (path) => (more.exists ?? []).includes(path),
    open: async ({ host }) => {
      tried.push(host);
      const ping = async () => {
        if (!answering.includes(host)) throw new Error("connect ECONNREFUSED");
      };
      return (await fakeDocker({ engine: { ping } }).located()).engine;
    },
  }).catch((error: unknown) => error);
  return { tried, located };
}

describe("the engine that is used", () => {
  it("is that of DOCKER_HOST first, with its certificates", async () => {
    const env = { DOCKER_HOST: "tcp://build:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certs" };
    const { located } = await locate(["tcp://build:2376"], { env });
    expect(located).toMatchObject({
      address: { host: "tcp://build:2376", via: "DOCKER_HOST", tlsDir: "/certs" },
      env: {},
    });
  });

  it("is never another one where that of DOCKER_HOST does not answer", async () => {
    const { tried, located } = await locate(["unix:///var/run/docker.sock"], {
      env: { DOCKER_HOST: "tcp://build:2375" },
      exists: ["/var/run/docker.sock"],
    });
    expect(tried).toEqual(["tcp://build:2375"]);
    expect(located).toMatchObject({
      code: "GC1601",
      problems: ["DOCKER_HOST (tcp://build:2375): connect ECONNREFUSED"],
    });
  });

  it("takes the docker program's context, with its certificates", async () => {
    const run: Run = async () =>
      contextOf("prod", "tcp://prod:2376", {
        TLSMaterial: { docker: ["ca.pem"] },
        Storage: { TLSPath: "/home/ann/.docker/contexts/tls/abc" },
      });
    const { located } = await locate(["tcp://prod:2376"], { run });
    expect(located).toMatchObject({
      address: { via: "context prod", tlsDir: "/home/ann/.docker/contexts/tls/abc/docker" },
    });
  });

  it("never falls back from a context that somebody chose", async () => {
    const run: Run = async () => contextOf("prod", "ssh://prod");
    const { tried } = await locate([], { run, exists: ["/var/run/docker.sock"] });
    expect(tried).toEqual(["ssh://prod"]);
  });

  it("goes on to rootless Docker and Podman, and tells the docker program so", async () => {
    const rootless = "/run/user/1000/docker.sock";
    const podman = "/run/user/1000/podman/podman.sock";
    const { tried, located } = await locate([`unix://${podman}`], { exists: [rootless, podman] });
    expect(tried).toEqual(["unix:///var/run/docker.sock", `unix://${rootless}`, `unix://${podman}`]);
    expect(located).toMatchObject({ env: { DOCKER_HOST: `unix://${podman}` } });
  });

  it("uses the named pipe on Windows", async () => {
    const pipe = "//./pipe/docker_engine";
    const { located } = await locate([`npipe://${pipe}`], { platform: "win32", exists: [pipe] });
    expect(located).toMatchObject({ address: { host: "npipe:////./pipe/docker_engine" } });
  });

  it("says of each place why it was none", async () => {
    const run: Run = async () => {
      throw new CodedError("GC1606", "the program `docker` was not found");
    };
    const { located } = await locate([], { run, exists: ["/var/run/docker.sock"] });
    expect(located).toMatchObject({
      code: "GC1601",
      problems: [
        "DOCKER_HOST: not set",
        "docker context: the program `docker` was not found",
        "default socket (unix:///var/run/docker.sock): connect ECONNREFUSED",
        expect.stringMatching(/^default sockets: none at \/run\/user\/1000\/docker\.sock, .*podman/),
      ],
    });
  });

  it("passes on what docker says of a context that is not there", async () => {
    const run: Run = async () => answers({ code: 1, stderr: 'context "prdo": context not found\n' });
    const { located } = await locate([], { run, env: { DOCKER_CONTEXT: "prdo" } });
    expect(located).toMatchObject({
      problems: expect.arrayContaining(['context prdo: context "prdo": context not found']),
    });
  });

  it("does not ask the same socket twice", async () => {
    const { tried } = await locate([], { exists: ["/var/run/docker.sock"] });
    expect(tried).toEqual(["unix:///var/run/docker.sock"]);
  });

  it("says that permission is denied where the engine runs and the user may not use it", async () => {
    const error = Object.assign(new Error("connect EACCES /var/run/docker.sock"), { code: "EACCES" });
    const open = async () => (await fakeDocker({ engine: { ping: () => Promise.reject(error) } }).located()).engine;
    const run: Run = async () => contextOf("default", "unix:///var/run/docker.sock");
    const context = {
      env: { HOME: "/home/ann" },
      run,
      signal: new AbortController().signal,
      exists: () => false,
      open,
    };
    await expect(locateEngine(context)).rejects.toMatchObject({
      code: "GC1601",
      message: "permission denied: this user may not use the Docker engine at unix:///var/run/docker.sock",
      remedy: expect.stringMatching(/usermod -aG docker \$USER.*rootless.*docker context use/),
    });
  });
});
