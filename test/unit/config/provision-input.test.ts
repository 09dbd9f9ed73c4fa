import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import { provisionInputSchema, provisionPart } from "../../../src/config/provision-input.ts";

const DECLARATION = `version: 1
admin: {email: admin@example.com, password: env:ADMIN_PASSWORD}
server: {jiraBridge: {alertUrl: https://b.example.com, token: env:BRIDGE}}
organization: Acme
members: [{email: boss@example.com, role: owner}]
projects:
  shop: {name: Shop, team: backend, platform: node, throttle: 5, alerts: [{name: a, uptime: true, recipients: [{type: webhook, url: env:HOOK}]}]}
apps:
  api: {project: shop, preset: next, variables: [DSN], environment: prod, entrypoint: [x]}
  old: {dsn: env:OLD_DSN}
`;

describe("provisionPart", () => {
  const part = provisionPart(loadDeclaration(DECLARATION, "glitchtip.yaml"));
  const written = JSON.parse(JSON.stringify(part));

  it("holds what DSNs need, and no alerts, members or references to secrets", () => {
    expect(written).toEqual({
      admin: { email: "admin@example.com" },
      organization: "Acme",
      projects: { shop: { name: "Shop", team: "backend", platform: "node" } },
      apps: { api: { project: "shop", audience: "container", preset: "next", variables: ["DSN"] } },
    });
  });

  it("is parsed as it was written", () => {
    const input = { version: 1, tool: "0.0.0", declarationSha256: "", generation: "6", declaration: written };
    expect(provisionInputSchema.parse(input).declaration).toEqual(written);
  });
});
