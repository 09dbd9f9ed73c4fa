import { describe, expect, it } from "vitest";
import type { CodedError } from "../../../src/base/errors.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { resolveServer } from "../../../src/config/server.ts";
import { generationOf, generationOfVersion } from "../../../src/glitchtip/versions.ts";

describe("the generation of an image", () => {
  it.each([
    ["glitchtip/glitchtip:6", "6", true],
    ["glitchtip/glitchtip:6.2.6", "6", true],
    ["registry.example.com:5000/glitchtip:v5.2.0", "5.2", true],
    ["glitchtip/glitchtip:5", "5.2", true],
    ["glitchtip/glitchtip:v5.1.1", "5.1", true],
    ["glitchtip/glitchtip:v5.0.3", "5.1", false],
    ["glitchtip/glitchtip:v4.2.1-alpine", "4.1", false],
    ["glitchtip/glitchtip:v4.1.5@sha256:0123", "4.1", true],
    ["glitchtip/glitchtip:7.1", "6", false],
  ])("is read from its tag: %s", (image, generation, known) => {
    expect(generationOf(image)).toEqual({ generation, known, tooOld: false });
  });

  it.each([
    "glitchtip/glitchtip",
    "glitchtip/glitchtip:latest",
    "localhost:5000/glitchtip",
    "glitchtip/glitchtip@sha256:0",
  ])("is unknown for %s", (image) => expect(generationOf(image)).toBeUndefined());

  it("is marked as too old before the first recorded one", () => {
    expect(generationOf("glitchtip/glitchtip:v4.0.2")).toMatchObject({ tooOld: true });
  });
});

it("the generation of a server is read from its version, and an unset version tells nothing", () => {
  expect(generationOfVersion("5.2.1")?.generation).toBe("5.2");
  expect(generationOfVersion("0.0.0-unknown")).toBeUndefined();
});

describe("resolveServer", () => {
  const resolve = (server: string) => {
    const text = `{version: 1, admin: {email: a@b.c}, organization: A, projects: {}, server: ${server}}`;
    const found = resolveServer(loadDeclaration(text, "g.yaml").server).server;
    return { topology: found?.topology, valkey: found?.valkey, warnings: found?.warnings };
  };

  it.each([
    ["{}", "all-in-one", false],
    ["{topology: split, valkey: bundled}", "split", true],
    ["{image: 'glitchtip/glitchtip:5.2'}", "split", true],
    ["{image: 'glitchtip/glitchtip:v5.1.0'}", "split", true],
    ["{image: 'glitchtip/glitchtip:v4.1.0'}", "split", true],
  ])("decides topology and Valkey for %s", (server, topology, valkey) => {
    expect(resolve(server)).toEqual({ topology, valkey, warnings: [] });
  });

  it("warns of a 5.2 without Valkey, with what it loses", () => {
    const { valkey, warnings } = resolve("{image: 'glitchtip/glitchtip:5.2', valkey: off}");
    expect([valkey, warnings]).toEqual([
      false,
      [expect.stringMatching(/loses accepted events when its database restarts/)],
    ]);
    expect(resolve("{valkey: off}").warnings).toEqual([]);
  });

  it.each([
    ["5.2", []],
    ["6", []],
    [
      "v5.1.1",
      [expect.stringMatching(/server\.url: generation 5\.1 works only at the root of a host; remove \/errors,/)],
    ],
  ])("takes an address with a path where the generation can: %s", (tag, problems) => {
    const text = `{version: 1, admin: {email: a@b.c}, organization: A, projects: {}, server: {image: 'x/y:${tag}', url: 'https://e.example.com/errors/'}}`;
    let found: readonly string[] = [];
    try {
      expect(loadDeclaration(text, "g.yaml").server.url).toBe("https://e.example.com/errors");
    } catch (error) {
      found = (error as CodedError).problems;
    }
    expect(found).toEqual(problems);
  });

  it("warns about a newer version, which it treats as the newest known one", () => {
    expect(resolve("{image: 'glitchtip/glitchtip:8.0'}").warnings).toEqual([
      "glitchtip/glitchtip:8.0 is not a version this tool knows; it is treated as generation 6",
    ]);
  });
});
