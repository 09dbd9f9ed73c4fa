import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TemplateName } from "../../../src/stack/templates.ts";
import { testTemplates } from "../../support/stack.ts";

/** Docker's client may hand HTTP_PROXY to every container, and the proxy does not know the container's own loopback. */
describe("a health check that speaks HTTP", () => {
  it.each<[TemplateName, string]>([
    ["glitchtip", "u.build_opener(u.ProxyHandler({})).open("],
    ["glitchtip-proxy", "-Y off"],
  ])("of %s asks no proxy", (name, how) => {
    expect(testTemplates(name).healthcheck?.test.join(" ")).toContain(how);
  });

  it.each<TemplateName>(["glitchtip-db", "glitchtip-valkey", "glitchtip-single"])("is none of %s's", (name) => {
    expect(testTemplates(name).healthcheck?.test.join(" ")).not.toMatch(/http/);
  });

  it("of the single container asks no proxy", () => {
    const health = readFileSync(new URL("../../../images/all-in-one/bin/health", import.meta.url), "utf8");
    expect(health).not.toContain("urlopen(");
    expect(health).toContain("urllib.request.ProxyHandler({})");
  });

  it("leaves Caddy the proxy for certificates, and not for GlitchTip", () => {
    expect(testTemplates("glitchtip-proxy").environment).toEqual({ NO_PROXY: "glitchtip,localhost,127.0.0.1" });
  });
});
