import { describe, expect, it } from "vitest";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";

const VARIABLE = "GLITCHTIP_DATABASE_RUN_FILE";
const stack = (server: string, apps = "apps: { api: { project: shop } }") =>
  composeOf(
    renderedStack(
      declarationWith(`server: ${server}\n${apps}`),
      "services: { api: { image: shop/api, entrypoint: [node] } }",
    ),
  );

describe("a 5.2 without Valkey", () => {
  const without = (more = "") => stack(`{ image: 'glitchtip/glitchtip:5.2', valkey: off${more} }`);

  it("lets glitchtip-init name the database's run for the provisioner, in a volume that the setup service opens", () => {
    const { services, volumes } = without();
    const mount = "glitchtip-database-run:/run/glitchtip-database-run";
    expect(volumes).toHaveProperty("glitchtip-database-run");
    for (const name of ["glitchtip-setup", "glitchtip-init", "glitchtip-provision"]) {
      expect(services[name]?.environment).toHaveProperty(VARIABLE, "/run/glitchtip-database-run/run");
      expect(services[name]?.volumes).toContain(name === "glitchtip-provision" ? `${mount}:ro` : mount);
    }
    expect(services["glitchtip-provision"]?.environment).not.toHaveProperty("GLITCHTIP_PROVES_WORKER");
    for (const name of ["glitchtip", "glitchtip-worker", "glitchtip-db", "api"]) {
      expect(services[name]?.volumes).not.toContain(mount);
    }
    expect(services["glitchtip-init"]?.volumes).toContain("./.glitchtip/gate.py:/opt/glitchtip-compose/gate.py:ro");
  });

  it.each([
    [
      "whose database is the user's own, of which its account may not see every start",
      ", database: { url: file:./url }",
    ],
    ["in a single container, which has no glitchtip-init", ", topology: single-container"],
  ])("%s proves the worker at each run", (_, more) => {
    const { services, volumes } = without(more);
    expect(volumes ?? {}).not.toHaveProperty("glitchtip-database-run");
    expect(services["glitchtip-provision"]?.environment).toHaveProperty("GLITCHTIP_PROVES_WORKER", "true");
    expect(services["glitchtip-provision"]?.environment).not.toHaveProperty(VARIABLE);
  });
});

it.each(["{ image: 'glitchtip/glitchtip:5.2' }", "{ image: 'glitchtip/glitchtip:6' }"])("%s names no run", (server) => {
  const { services, volumes } = stack(server);
  expect(volumes).not.toHaveProperty("glitchtip-database-run");
  for (const { environment } of Object.values(services)) expect(environment ?? {}).not.toHaveProperty(VARIABLE);
});
