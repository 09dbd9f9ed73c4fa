import { describe, expect, it } from "vitest";
import { INIT_OPTIONS, problemOfValue } from "../../../src/init/index.ts";
import { surveyFolder } from "../../../src/workspace/index.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

describe("an answer on a terminal", () => {
  it.each([
    ["email", "nobody", /must be an e-mail address/],
    ["serverUrl", "errors.example.com", /must be an http:\/\/ or https:\/\/ address/],
    ["serverUrl", "ftp://errors.example.com", /must be an http:\/\/ or https:\/\/ address/],
    ["token", "abc", /env:NAME/],
    ["organization", "__proto__", /must be another name/],
    ["domain", "errors example com", /./],
  ] as const)("%s: %s is refused as the flag's value would be", (name, text, problem) => {
    expect(problemOfValue(INIT_OPTIONS[name], text)).toMatch(problem);
  });

  it.each([
    ["email", "you@example.com"],
    ["serverUrl", "https://errors.example.com/"],
    ["token", "env:GLITCHTIP_TOKEN"],
    ["organization", "Acme Labs"],
    ["domain", "errors.example.com"],
  ] as const)("%s: %s is taken", (name, text) => {
    expect(problemOfValue(INIT_OPTIONS[name], text)).toBeUndefined();
  });
});

it("services whose image is a database come last, also from a registry of one's own", () => {
  using folder = new TemporaryFolder();
  const images = {
    cache: "valkey/valkey:8-alpine",
    db: "registry.example.com/library/postgres@sha256:0",
    api: "acme/postgres-api:1",
    queue: "rabbitmq",
    web: "nginx:1",
  };
  const lines = Object.entries(images).map(([name, image]) => `  ${name}: { image: "${image}" }\n`);
  folder.write("compose.yaml", `services:\n${lines.join("")}`);
  expect(surveyFolder(folder.path).services).toEqual(["api", "web", "cache", "db", "queue"]);
});
