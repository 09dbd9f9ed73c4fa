import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { HostNetwork } from "../../../src/checks/index.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { type InitOptions, initWorkspace } from "../../../src/init/init.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";
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
    expect(warnings).toContainEqual(
      "the Traefik labels of your services name le and zero: say which by --cert-resolver",
    );
  });

  it("is not concerned by labels with another proxy", async () => {
    const { production } = await productionAfter(web(MAP), { proxy: "nginx" });
    expect(production).toMatchObject({ network: "traefik", entrypoint: "websecure" });
  });
});

const BESIDE = `services:
  traefik:
    image: traefik:v3
    ports: ["80:80", "443:443"]
    command: ["--entrypoints.websecure.address=:443", "--certificatesresolvers.myresolver.acme.storage=/acme.json"]
    networks: [edge]
  app:
    image: shop/app
    entrypoint: [app]
    labels: { traefik.enable: "true", traefik.http.routers.app.rule: Host(\`x\`) }
    networks: [inside, edge]
networks: { edge: , inside: }
`;

describe("init --proxy traefik with a Traefik in the same Compose file", () => {
  const rendered = async (compose: string, options: InitOptions = {}) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", compose);
    const warnings: string[] = [];
    const said = (text: string) => void warnings.push(text);
    const network = { resolves: async () => true, portIsFree: async () => true, projectName: "shop" };
    const host: HostNetwork = { ...network, taken: { ports: [], here: true }, hasNetwork: async () => false };
    await initWorkspace(
      {
        dir: folder.path,
        log: { info() {}, step() {}, debug() {}, warn: said },
        env: { COMPOSE_PROJECT_NAME: "shop" },
        assets: testAssets(),
        host: { nowMs: () => 0, network: async () => host },
      },
      { ...PRODUCTION, apps: { app: "shop" }, ...options },
    );
    const { services, networks } = parse(folder.read("compose.override.yaml"), { merge: true });
    const { production } = loadDeclaration(folder.read("glitchtip.yaml"), "glitchtip.yaml");
    return { web: services.glitchtip, networks: Object.values(networks), production, warnings };
  };
  const isExternal = expect.objectContaining({ external: true });
  const missing = expect.stringContaining("docker network create");

  it.each([
    ["the networks of the two", BESIDE, {}],
    ["the key by a flag", BESIDE, { proxyNetwork: "edge" }],
    ["its name on the engine by a flag", BESIDE, { proxyNetwork: "shop_edge" }],
    [
      "its name on the engine by a label",
      BESIDE.replace("labels: {", "labels: { traefik.docker.network: shop_edge,"),
      {},
    ],
    [
      "its name on the engine by a flag of Traefik",
      BESIDE.replace("command: [", 'command: ["--providers.docker.network=shop_edge", '),
      {},
    ],
  ])("joins the network of the file by %s", async (_, compose, options) => {
    const { web, networks, production, warnings } = await rendered(compose, options);
    expect(production).toMatchObject({ network: "edge", certResolver: "myresolver", entrypoint: "websecure" });
    expect(web.networks).toContain("edge");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose fills it in.
    expect(web.labels["traefik.docker.network"]).toBe("${COMPOSE_PROJECT_NAME}_edge");
    expect(networks).not.toContainEqual(isExternal);
    expect(warnings).not.toContainEqual(missing);
  });

  const MIRRORED = BESIDE.replace("image: traefik:v3", "image: mirror.example.com/edge/router:3");
  const ROUTER = MIRRORED.replace("  traefik:\n", "  router:\n");
  it.each([
    ["name", MIRRORED],
    ["name, if it is built here", BESIDE.replace("image: traefik:v3", "build: ./router")],
    ["command", ROUTER.replace("command: [", 'command: ["--providers.docker=true", ')],
    ["entrypoint", ROUTER.replace("    command: [", "    entrypoint: [traefik, --providers.docker]\n    command: [")],
    [
      "environment",
      ROUTER.replace("    command: [", "    environment: { TRAEFIK_PROVIDERS_DOCKER: 'true' }\n    command: ["),
    ],
  ])("knows a Traefik of another image by its %s", async (_, compose) => {
    const { web, networks, production, warnings } = await rendered(
      compose.replace("edge: ,", "edge: , metrics: ,").replace("networks: [edge]", "networks: [metrics, edge]"),
    );
    expect(production).toMatchObject({ network: "edge", certResolver: "myresolver", entrypoint: "websecure" });
    expect(web.networks).toContain("edge");
    expect(networks).not.toContainEqual(isExternal);
    expect(warnings).not.toContainEqual(missing);
  });

  it("joins the one network that services with labels share where no service is known for a Traefik", async () => {
    const more =
      "  jobs: { image: shop/jobs, entrypoint: [jobs], labels: [traefik.enable=true], networks: [edge, other] }\nnetworks: { other: , ";
    const { web, networks, production, warnings } = await rendered(ROUTER.replace("networks: { ", more));
    expect(production?.network).toBe("edge");
    expect(web.networks).toContain("edge");
    expect(networks).not.toContainEqual(isExternal);
    expect(warnings).not.toContainEqual(missing);
  });

  it("asks for the network where services with labels share several", async () => {
    const { warnings } = await rendered(ROUTER);
    expect(warnings).toContainEqual(expect.stringMatching(/inside and edge: say which by --proxy-network/));
  });

  it("joins the network that Compose makes where the file names none", async () => {
    const { web, networks } = await rendered(BESIDE.replaceAll(/^ *networks: .*\n/gm, ""));
    expect(web.networks).toContain("default");
    expect(networks).not.toContainEqual(isExternal);
  });

  it("names the network to Traefik as the file names it on the engine", async () => {
    const { web, warnings } = await rendered(BESIDE.replace("edge: ,", "edge: { name: public },"));
    expect(web.networks).toContain("edge");
    expect(web.labels["traefik.docker.network"]).toBe("public");
    expect(warnings).not.toContainEqual(missing);
  });

  it("joins the external network of the file in which labelled services meet a Traefik elsewhere", async () => {
    const elsewhere = BESIDE.replace(/ {2}traefik:[\s\S]*?(?= {2}app:)/, "").replace(
      "edge: ,",
      "edge: { external: true },",
    );
    const { web, networks, production, warnings } = await rendered(elsewhere);
    expect(production?.network).toBe("edge");
    expect(web.networks).toContain("edge");
    expect(web.labels["traefik.docker.network"]).toBe("edge");
    expect(networks).not.toContainEqual(isExternal);
    // Compose starts nothing without it, as it is the file's own.
    expect(warnings).toContainEqual(missing);
  });

  it("takes any other network for one that somebody else makes", async () => {
    const { networks, warnings } = await rendered(BESIDE, { proxyNetwork: "elsewhere" });
    expect(networks).toContainEqual({ external: true, name: "elsewhere" });
    expect(warnings).toContainEqual(missing);
  });
});

describe("init for production beside a service that publishes 80 or 443", () => {
  const attempt = async (options: InitOptions, more = "") => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", BESIDE);
    if (more !== "") folder.write("glitchtip.yaml", more);
    const before = folder.files();
    const error = await run(folder, { apps: { app: "shop" }, domain: "errors.example.com", ...options }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { error, isUntouched: JSON.stringify(folder.files()) === JSON.stringify(before) };
  };
  const refused = {
    code: "GC1603",
    message: expect.stringContaining("traefik publishes 80 and 443 in your Compose file"),
    remedy: expect.stringMatching(/--proxy traefik.*--proxy nginx.*--proxy none/),
  };

  it("refuses before anything is written, and names the flag", async () => {
    expect(await attempt({})).toEqual({ error: expect.objectContaining(refused), isUntouched: true });
    const before =
      "version: 1\nadmin: {email: a@example.com}\norganization: Acme\nprojects: {shop: {}}\napps: {app: {project: shop}}\n";
    expect(await attempt({}, before)).toEqual({ error: expect.objectContaining(refused), isUntouched: true });
  });

  it.each(["caddy", "traefik", "nginx", "none"])("is decided by --proxy %s", async (proxy) => {
    expect((await attempt({ proxy })).error).toBeUndefined();
  });

  it("warns where --proxy caddy says that both publish a port", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", BESIDE);
    const warnings: string[] = [];
    await run(folder, { apps: { app: "shop" }, domain: "errors.example.com", proxy: "caddy" }, { warnings });
    expect(warnings).toContainEqual(
      expect.stringMatching(
        /^traefik publishes 80 and 443 in your Compose file.*only one of them can start.*--proxy none/,
      ),
    );
  });
});
