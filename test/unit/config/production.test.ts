import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { serverKind } from "../../../src/config/server.ts";
import { declarationWith } from "../../support/stack.ts";

const load = (lines: string) => loadDeclaration(declarationWith(lines), "glitchtip.yaml");

function problemsOf(lines: string): readonly string[] {
  try {
    load(lines);
  } catch (error) {
    if (error instanceof CodedError) return error.problems;
    throw error;
  }
  return [];
}

const DOMAIN = "production: { domain: errors.example.com }";

describe("production", () => {
  it("has defaults: the address, the image, a split topology, and apps that start without reporting", () => {
    const { server, onFailure, production } = load(DOMAIN);
    expect(server).toMatchObject({
      url: "https://errors.example.com",
      topology: "split",
      registration: "closed",
    });
    expect(onFailure).toBe("start-without-reporting");
    expect(production).toMatchObject({
      proxy: "caddy",
      tls: { mode: "auto" },
      bodyMegabytes: { envelope: 20, upload: 100, other: 5 },
    });
  });

  it("keeps what is stated", () => {
    const { server, onFailure } = load(
      `${DOMAIN}\nonFailure: block\nserver: { image: 'glitchtip/glitchtip:6', url: 'https://errors.example.com:8443', topology: all-in-one }`,
    );
    expect(server).toMatchObject({ url: "https://errors.example.com:8443", topology: "all-in-one" });
    expect(onFailure).toBe("block");
  });

  it.each([
    ["production: {}", /production\.domain: is missing/],
    ["production: { domain: https://errors.example.com }", /domain: must be a domain in lower case/],
    ["production: { domain: errors.example.com:8443 }", /domain: must be a domain/],
    ["production: { domain: 192.0.2.1 }", /domain: must be a domain/],
    ["production: { domain: localhost }", /domain: must be a domain/],
    ["production: { domain: errors.example.com, proxy: apache }", /proxy: must be one of caddy, traefik, nginx, none/],
    ["production: { domain: errors.example.com, tls: { mode: own } }", /tls\.certificate: is missing/],
    ["production: { domain: errors.example.com, tls: { key: 'file:./k' } }", /tls\.key: is of no use with mode: auto/],
    ["production: { domain: errors.example.com, proxy: nginx, tls: { mode: internal } }", /that server's matter/],
    [
      `${DOMAIN}\nserver: { image: 'glitchtip/glitchtip:6', url: 'http://errors.example.com' }`,
      /must be https:\/\/errors/,
    ],
    [
      `${DOMAIN}\nserver: { image: 'glitchtip/glitchtip:6', url: 'https://other.example.com' }`,
      /as production\.domain says/,
    ],
    ["mail: { url: 'smtp://user:canary@mail' }", /mail\.url: must be file:PATH/],
    ["limits: { web: { memory: 128m } }", /limits\.web\.memory: must be a size from 200m on/],
    ["limits: { database: { memory: lots } }", /limits\.database\.memory: must be a size from 128m on/],
  ])("refuses %s", (lines, what) => {
    expect(problemsOf(lines).join("\n")).toMatch(what);
    expect(problemsOf(lines).join("\n")).not.toContain("canary");
  });

  it("makes the server the stack's own, also where its address is stated", () => {
    const declaration = load(`${DOMAIN}\nserver: { url: 'https://errors.example.com' }`);
    expect(serverKind(declaration)).toBe("bundled");
  });
});

describe("retention", () => {
  it("is refused for a kind without a setting in the generation, with what applies instead", () => {
    const server = (image: string) => `server: { image: 'glitchtip/glitchtip:${image}', retention: { files: 30d } }`;
    expect(problemsOf(server("5.2.1")).join()).toMatch(/retention\.files: .*5\.2.* files are kept as long as events/);
    expect(problemsOf(server("6"))).toEqual([]);
  });
});
