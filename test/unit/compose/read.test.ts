import { describe, expect, it } from "vitest";
import { readUserCompose } from "../../../src/compose/read.ts";

const read = (...texts: string[]) => readUserCompose(texts.map((text, i) => ({ path: `${i}.yaml`, text })));

describe("the user's Compose file", () => {
  it("is read with its anchors and merge keys", () => {
    const { services } = read(`
x-node: &node {entrypoint: [docker-entrypoint.sh], environment: {A: 1}}
services:
  api: {<<: *node, command: node server.js}
`);
    expect(services.api).toEqual({
      entrypoint: ["docker-entrypoint.sh"],
      command: "node server.js",
      networks: ["default"],
      readOnly: false,
      environment: ["A"],
      envFiles: [],
    });
  });

  it("may state variables as a list or a map, and env files in three forms", () => {
    const { services } = read(`
services:
  a: {environment: [A=1, B, "C=x=y"], env_file: a.env}
  b: {environment: {A: , B: 2}, env_file: [a.env, {path: b.env, required: false}]}
`);
    expect([services.a?.environment, services.a?.envFiles]).toEqual([["A", "B", "C"], ["a.env"]]);
    expect([services.b?.environment, services.b?.envFiles]).toEqual([
      ["A", "B"],
      ["a.env", "b.env"],
    ]);
  });

  it("may state networks, a network mode and a read-only file system", () => {
    const { services } = read(`
services:
  a: {networks: [x], read_only: true}
  b: {network_mode: host}
  c: {networks: {x: {aliases: [y]}}}
  d:
`);
    expect(Object.values(services).map((s) => [s.networks, s.networkMode, s.readOnly])).toEqual([
      [["x"], undefined, true],
      [["default"], "host", false],
      [["x"], undefined, false],
      [["default"], undefined, false],
    ]);
  });

  it("is merged with later ones: their values win, and lists are joined", () => {
    const { services, name, names } = read(
      "name: shop\nservices: {a: {entrypoint: [x], command: y, read_only: true, environment: {A: 1}}}\nvolumes: {v: }",
      "services: {a: {entrypoint: [z], read_only: false, environment: {B: 1}}}\nnetworks: {n: }\nsecrets: {s: {file: x}}",
    );
    expect(services.a).toMatchObject({ entrypoint: ["z"], command: "y", readOnly: false, environment: ["A", "B"] });
    expect([name, names]).toEqual([
      "shop",
      { services: ["a"], networks: ["n"], volumes: ["v"], secrets: ["s"], configs: [] },
    ]);
  });

  it("may come after the stack's file, and then change the stack's services", () => {
    const text =
      "services: {a: {read_only: true}, glitchtip: {mem_limit: 1g}}\nvolumes: {glitchtip-db: {external: true}}";
    const { services, names } = readUserCompose([
      { path: "compose.yaml", text: "services: {a: {entrypoint: [x]}}" },
      { path: "compose.prod.yaml", text, afterStack: true },
    ]);
    expect(services.a).toMatchObject({ entrypoint: ["x"], readOnly: true });
    expect([names.services, names.volumes]).toEqual([["a"], []]);
  });

  it("may have the tags of Compose", () => {
    expect(read("services: {a: {entrypoint: !override [x], command: !reset null}}").services.a).toMatchObject({
      entrypoint: ["x"],
    });
  });

  it("is an error that names the file where it is not YAML", () => {
    expect(() => read("services: {a: [")).toThrow(
      expect.objectContaining({ code: "GC1103", message: expect.stringMatching(/^0\.yaml:1:16 cannot be read: /) }),
    );
  });
});

describe("a file that Compose refuses", () => {
  it.each([
    ["hello", "0.yaml cannot be read: it must be a map with services"],
    ["- a\n- b", "0.yaml cannot be read: it must be a map with services"],
    ["services: [api]", "0.yaml cannot be read: services must be a map of names"],
    ["services:\n  api: hello", "0.yaml cannot be read: services.api must be a map"],
    ["web:\n  image: a", '0.yaml cannot be read: it has no "services", and "web" at the top is no key of Compose'],
    ["servces:\n  web: {image: a}", '"servces" at the top is no key of Compose; did you mean "services"?'],
    ["services:\n  api: {<<: *base, image: a}", "0.yaml:2:13 cannot be read: no anchor &base stands before *base"],
    ["services:\n  api: {image: *tag}", "0.yaml:2:16 cannot be read: no anchor &tag stands before *tag"],
  ])("is refused with its reason: %j", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it.each(["", "# nothing\n", "services:\n", "x-a: 1\n", "volumes: {data: }", "services: {api: }"])(
    "a file with nothing to say is one: %j",
    (text) => expect(() => read(text)).not.toThrow(),
  );
});
