import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import type { Docker } from "../../../src/docker/index.ts";
import { hostUrl } from "../../../src/running/published-url.ts";
import { declare } from "../../support/provisioning.ts";

const LOCAL = "unix:///var/run/docker.sock";

/** An engine at this address, whose Compose prints this for the published port. */
const engine = (address: string, port: string, code = 0): Docker =>
  ({
    located: () => Promise.resolve({ address: { host: address, via: "a test" } }),
    cli: (args: readonly string[]) => {
      expect(args).toEqual(["compose", "port", "glitchtip", "8000"]);
      return Promise.resolve({ code, signal: null, stdout: port, stderr: "" });
    },
  }) as unknown as Docker;

const NO_ENGINE = {
  located: () => Promise.reject(new CodedError("GC1601", "no Docker engine answers")),
} as unknown as Docker;

const bundled = declare();
const declared = declare({ server: { image: "glitchtip/glitchtip:6", url: "https://errors.example.com" } });

describe("where this host reaches the server", () => {
  it("is the declared address, and nobody is asked", async () => {
    expect(await hostUrl(declared, NO_ENGINE)).toBe("https://errors.example.com");
  });

  it.each([
    ["127.0.0.1:8137\n", "http://127.0.0.1:8137"],
    ["0.0.0.0:49153\n", "http://127.0.0.1:49153"],
    ["[::]:49153\n", "http://127.0.0.1:49153"],
    ["192.0.2.7:80\n", "http://192.0.2.7:80"],
    ["[2001:db8::7]:80\n", "http://[2001:db8::7]:80"],
  ])(
    "else is the port that the engine has published, whatever GLITCHTIP_PORT or a changed ports: made of it: %s",
    async (said, url) => {
      expect(await hostUrl(bundled, engine(LOCAL, said))).toBe(url);
    },
  );

  it.each([
    ["tcp://192.0.2.9:2376", "http://192.0.2.9:8000"],
    ["ssh://me@build.example.com", "http://build.example.com:8000"],
  ])("of an engine elsewhere, %s, is that machine's", async (address, url) => {
    expect(await hostUrl(bundled, engine(address, "0.0.0.0:8000\n"))).toBe(url);
  });

  it.each([
    ["no engine answers", NO_ENGINE, "no Docker engine answers"],
    ["it does not run", engine(LOCAL, "", 1), "publishes no port, or does not run"],
    ["it publishes nothing", engine(LOCAL, "invalid IP:0\n"), "publishes no port, or does not run"],
    [
      "a remote engine publishes for itself only",
      engine("ssh://me@build.example.com", "127.0.0.1:8000\n"),
      "127.0.0.1:8000 of build.example.com",
    ],
  ])("is not known where %s: the error names both ways out", async (_, docker, why) => {
    const error = await hostUrl(bundled, docker).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "GC1201",
      message: expect.stringContaining(why),
      remedy: expect.stringMatching(/server\.url.*--url.*docker compose up -d --wait.*GLITCHTIP_PORT/),
    });
  });
});
