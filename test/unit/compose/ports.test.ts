import { describe, expect, it } from "vitest";
import { collides, hostPorts, portText, publishersOf } from "../../../src/compose/ports.ts";
import { readUserCompose } from "../../../src/compose/read.ts";

const GLITCHTIP = { port: 8000, hostIp: "127.0.0.1", protocol: "tcp" };

const publishers = (ports: string, variables: Readonly<Record<string, string>> = {}): string[] => {
  const text = `services:\n  db: {image: "postgres:18", ports: ["5432:5432"]}\n  web: {image: web, ports: [${ports}]}\n`;
  return publishersOf(readUserCompose([{ path: "compose.yaml", text }], { variables }).services, GLITCHTIP);
};

describe("ports that the user's services publish", () => {
  it.each([
    ["the short form", '"8000:8000"'],
    ["the long form", '{target: 80, published: "8000"}'],
    ["the long form with a number", "{target: 80, published: 8000}"],
    ["a range", '"7999-8001:80-82"'],
    ["a variable with a default", `"\${WEB_PORT:-8000}:80"`],
    ["127.0.0.1", '"127.0.0.1:8000:80"'],
    ["all addresses", '"0.0.0.0:8000:80"'],
  ])("collide with GlitchTip's: %s", (_, ports) => {
    expect(publishers(ports)).toEqual(["web"]);
  });

  it.each([
    ["UDP", '"8000:8000/udp"'],
    ["a port that the engine chooses", '"8000"'],
    ["another address of this host", '"192.0.2.7:8000:80"'],
    ["another port", '"8001:8000"'],
  ])("do not collide: %s", (_, ports) => {
    expect(publishers(ports)).toEqual([]);
  });

  it("are read with the variables of .env", () => {
    expect(publishers(`"\${WEB_PORT:-8000}:80"`, { WEB_PORT: "9000" })).toEqual([]);
    expect(publishers(`"\${WEB_PORT:-9000}:80"`, { WEB_PORT: "8000" })).toEqual(["web"]);
  });

  it("are those of the services that a service extends", () => {
    const text = 'services:\n  base: {image: a, ports: ["8000:80"]}\n  web: {extends: {service: base}}\n';
    expect(publishersOf(readUserCompose([{ path: "compose.yaml", text }]).services, GLITCHTIP)).toEqual([
      "base",
      "web",
    ]);
  });

  it("are joined over several files, and replaced by !override", () => {
    const first = { path: "a.yaml", text: 'services:\n  web: {image: web, ports: ["8000:80"]}\n' };
    const more = { path: "b.yaml", text: 'services:\n  web: {ports: ["8001:80"]}\n' };
    const instead = { path: "b.yaml", text: 'services:\n  web: {ports: !override ["8001:80"]}\n' };
    const published = (...files: { path: string; text: string }[]) =>
      readUserCompose(files).services.web?.ports?.map((port) => port.published);
    expect(published(first, more)).toEqual(["8000", "8001"]);
    expect(published(first, instead)).toEqual(["8001"]);
  });
});

describe("a port of the host", () => {
  it("is written with its address", () => {
    expect(portText(GLITCHTIP)).toBe("127.0.0.1:8000");
    expect(portText({ port: 53, hostIp: "::1", protocol: "udp" })).toBe("[::1]:53/udp");
  });

  it("is one of a range", () => {
    expect(hostPorts({ target: 80, published: "80-82" }).map(({ port }) => port)).toEqual([80, 81, 82]);
    expect(hostPorts({ target: 80 })).toEqual([]);
  });

  it("collides on the same address, and on all addresses", () => {
    expect(collides(GLITCHTIP, { ...GLITCHTIP, hostIp: "::" })).toBe(true);
    expect(collides(GLITCHTIP, { ...GLITCHTIP, hostIp: "127.0.0.2" })).toBe(false);
  });
});
