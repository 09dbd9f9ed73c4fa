import { describe, expect, it } from "vitest";
import type { CodedError } from "../../../src/base/errors.ts";
import { readUserCompose } from "../../../src/compose/read.ts";
import { loadDeclaration } from "../../../src/config/load.ts";

const DECLARATION =
  "version: 1\nadmin: {email: a@b.c}\norganization: A\nprojects: {shop: {}}\napps: {api: {project: shop}}\n";
const LEVELS = Array.from({ length: 9 }, (_, i) => `x-${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(", ")}]\n`);
const BOMB = `x-0: &a0 [x]\n${LEVELS.join("")}`;

function problemOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    const { code, message, problems } = error as CodedError;
    return [code, message, ...problems].join(" ");
  }
  return "none";
}

const composeProblem = (text: string) => problemOf(() => readUserCompose([{ path: "compose.yaml", text }]));
const declarationProblem = (text: string) => problemOf(() => loadDeclaration(text, "glitchtip.yaml"));
const nestedMaps = (levels: number) => Array.from({ length: levels }, (_, i) => `${" ".repeat(i)}a:\n`).join("");

describe("a Compose file", () => {
  it.each(["command", "entrypoint", "depends_on"])("with aliases of aliases as %s is refused with the line", (key) => {
    expect(composeProblem(`${BOMB}services:\n  api:\n    image: x\n    ${key}: *a9\n`)).toMatch(
      /^GC1103 compose\.yaml:\d+:\d+ cannot be read: its aliases expand/,
    );
  });

  it("may use an anchor in hundreds of services", () => {
    const services = Array.from({ length: 800 }, (_, i) => `  s${i}: *s\n`).join("");
    expect(composeProblem(`x-s: &s {image: x, command: [a, b]}\nservices:\n${services}`)).toBe("none");
  });

  it.each([
    ["flow lists", `services: {api: {image: x, command: ${"[".repeat(5000)}${"]".repeat(5000)}}}`],
    ["maps", `services:\n  api:\n    image: x\nx-deep:\n${nestedMaps(3000).replace(/^/gm, " ")}`],
    ["lists", `services: {api: {image: x}}\nx-deep:\n  ${"- ".repeat(3000)}x\n`],
  ])("with thousands of nested %s is refused with the line", (_, text) => {
    expect(composeProblem(text)).toMatch(/^GC1103 compose\.yaml:\d+ cannot be read: it nests more deeply/);
  });

  it.each([
    ['" "', /has no name/],
    ['"$"', /\$ that begins no variable/],
    ["x".repeat(300), /more than 255/],
    ['"a b"', /blank/],
  ])("with the image %s is refused with the line", (image, what) => {
    const said = composeProblem(`services:\n  api:\n    image: ${image}\n`);
    expect(said).toMatch(/^GC1103 compose\.yaml:3:12 cannot be read: the image of service api /);
    expect(said).toMatch(what);
  });

  it.each(["$IMAGE", `\${IMAGE:-x/y}`, "host:5000/a/b:1.2@sha256:abc"])("may have the image %s", (image) => {
    expect(composeProblem(`services:\n  api:\n    image: "${image}"\n`)).toBe("none");
  });
});

describe("a declaration", () => {
  it("with aliases of aliases is refused with the line", () => {
    expect(declarationProblem(`${BOMB}${DECLARATION}`)).toMatch(
      /^GC1102 glitchtip\.yaml:\d+:\d+ cannot be read: its aliases expand/,
    );
  });

  it.each([
    ["lists", `${DECLARATION}x: ${"[".repeat(5000)}${"]".repeat(5000)}\n`],
    ["maps", `${DECLARATION}x:\n${nestedMaps(3000).replace(/^/gm, " ")}`],
  ])("with thousands of nested %s is refused with the line", (_, text) => {
    expect(declarationProblem(text)).toMatch(/^GC1101 .* glitchtip\.yaml:\d+: it nests more deeply/);
  });

  it.each(["\\x9b31m", "\\Nx", "a\\Lb", "a\\uFEFF"])(
    "with the value %s, which Compose refuses, is refused with the line",
    (value) => {
      const text = DECLARATION.replace("project: shop}", `project: shop, environment: "${value}"}`);
      expect(declarationProblem(text)).toMatch(
        /glitchtip\.yaml:5:\d+: apps\.api\.environment: must not contain control/,
      );
    },
  );

  it.each(['" "', '"$"', "x".repeat(300)])("with the image %s is refused with the line", (image) => {
    expect(declarationProblem(`${DECLARATION}server: {image: ${image}}\n`)).toMatch(
      /server\.image: must be the name of an/,
    );
  });
});
