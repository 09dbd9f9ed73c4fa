// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { describe, expect, it } from "vitest";
import { refusalOf } from "../../support/refusal.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";
import { APP, wrapped } from "./overlay.ts";

describe("what only docker compose can read", () => {
  const start = "entrypoint: [node], command: [a.js]";
  const from = (text: string) => () => renderedStack(declarationWith(APP), text);

  it.each([
    "https://example.com/shop.git",
    "oci://docker.io/shop/base:1",
    "git@example.com:shop.git",
    "github.com/shop/base",
  ])("an app from %s is refused with the file's name and a remedy", (address) => {
    const { code, message } = refusalOf(from(`include: ["${address}"]\nservices: { web: { ${start} } }`));
    expect([code, message]).toEqual(["GC1103", expect.stringContaining(`includes ${address}`)]);
    expect(message).toContain("Run it where docker compose works");
  });

  it("an app that extends a service from elsewhere is refused, because its entrypoint may be there", () => {
    const { message } = refusalOf(
      from(`services: { api: { image: a, extends: { file: "https://example.com/base.git", service: b }, ${start} } }`),
    );
    expect(message).toContain("extends https://example.com/base.git");
  });

  it("an app in a local file gets its DSN, whatever else is elsewhere", () => {
    const stack = from(`include: ["oci://docker.io/shop/base:1"]\nservices: { api: { depends_on: [db], ${start} } }`);
    expect(composeOf(stack()).services.api?.entrypoint).toEqual(wrapped("node"));
  });

  it("a local file may have a name that begins like an address", () => {
    expect(refusalOf(from(`include: [ocis.yaml]\nservices: { api: { ${start} } }`)).message).toContain(
      "ocis.yaml, which is not there",
    );
  });
});
