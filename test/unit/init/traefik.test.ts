import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import type { InitOptions } from "../../../src/init/init.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run } from "./initiating.ts";

const PRODUCTION: InitOptions = { domain: "errors.example.com", proxy: "traefik", apps: { web: "shop" } };
const web = (more: string) => `services:\n  web: { image: shop/web, entrypoint: [web], ${more} }\n`;
const MAP = `labels: {
    traefik.docker.network: edge, traefik.http.routers.web.rule: "Host(\`x\`)",
    traefik.http.routers.plain.entrypoints: http, traefik.http.routers.web.entrypoints: https,
    traefik.http.routers.web.tls.certResolver: le }`;
const LIST = `labels: ["traefik.docker.network=edge", "traefik.http.routers.web.entrypoints=https", "traefik.http.routers.web.tls=true",
    "traefik.http.routers.web.tls.certresolver=\${RESOLVER:-le}"]`;
const OWN_TRAEFIK = `command: [x] }
  proxy: { image: "docker.io/traefik:v3.1", entrypoint: [traefik], command: [
    --providers.docker.network=edge, "--entrypoints.http.address=:80", "--entrypoints.https.address=0.0.0.0:443",
    --certificatesresolvers.le.acme.email=a@example.com, --certificatesresolvers.le.acme.storage=/acme.json ]`;

describe("init --proxy traefik", () => {
  const productionAfter = async (compose: string, options: InitOptions = {}, before?: string) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", compose);
    if (before !== undefined) folder.write("glitchtip.yaml", before);
    const warnings: string[] = [];
    await run(folder, { ...PRODUCTION, ...options }, { warnings });
    const { production } = loadDeclaration(folder.read("glitchtip.yaml"), "glitchtip.yaml");
    return { production, warnings };
  };

  it.each([
    ["labels as a map", MAP],
    ["labels as a list, with variables", LIST],
    ["the flags of a Traefik in the same file", OWN_TRAEFIK],
  ])("takes network, resolver and entrypoint from %s", async (_, more) => {
    expect((await productionAfter(web(more))).production).toMatchObject({
      network: "edge",
      certResolver: "le",
      entrypoint: "https",
    });
  });

  it("takes them where production comes into a declaration that is there", async () => {
    const before =
      "version: 1\nadmin: {email: a@example.com}\norganization: Acme\nprojects: {shop: {}}\napps: {web: {project: shop}}\n";
    const { production } = await productionAfter(web(MAP), {}, before);
    expect(production).toMatchObject({ network: "edge", certResolver: "le", entrypoint: "https" });
  });

  it("leaves a flag its value", async () => {
    const { production } = await productionAfter(web(MAP), { proxyNetwork: "other", certResolver: "own" });
    expect(production).toMatchObject({ network: "other", certResolver: "own", entrypoint: "https" });
  });

  it("asks for a flag where services name several", async () => {
    const more =
      'labels: ["traefik.http.routers.a.tls.certresolver=le", "traefik.http.routers.b.tls.certresolver=zero"]';
    const { production, warnings } = await productionAfter(web(more));
    expect(production?.certResolver).toBeUndefined();
    expect(warnings).toContainEqual("your services name le and zero to Traefik: say which by --cert-resolver");
  });

  it("is not concerned by labels with another proxy", async () => {
    const { production } = await productionAfter(web(MAP), { proxy: "nginx" });
    expect(production).toMatchObject({ network: "traefik", entrypoint: "websecure" });
  });
});
