import { describe, expect, it } from "vitest";
import { CodedError } from "../../../../src/base/errors.ts";
import type { HostNetwork } from "../../../../src/checks/production/preflight.ts";
import { type InitOptions, initWorkspace } from "../../../../src/init/init.ts";
import { TemporaryFolder, testAssets } from "../../../support/workspace.ts";

const SERVICE = "services:\n  api:\n    image: shop/api\n    entrypoint: [node]\n    command: [server.js]\n";
const OPTIONS: InitOptions = {
  apps: { api: "shop" },
  email: "ops@shop.example",
  domain: "errors.example.com",
};

/** A host without any problem, except for what the test states. */
const network = (more: Partial<HostNetwork> = {}): HostNetwork => ({
  resolves: async () => true,
  portIsFree: async () => true,
  projectName: "shop",
  taken: { ports: [], here: true },
  ...more,
});

interface Tried {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

async function initIn(
  folder: TemporaryFolder,
  options: InitOptions,
  host: { readonly env?: Record<string, string>; readonly network?: HostNetwork } = { network: network() },
): Promise<Tried> {
  const warnings: string[] = [];
  const log = { info() {}, step() {}, debug() {}, warn: (text: string) => warnings.push(text) };
  const found = host.network;
  const context = {
    dir: folder.path,
    log,
    env: host.env ?? {},
    assets: testAssets(),
    host: { nowMs: () => 0, ...(found === undefined ? {} : { network: async () => found }) },
  };
  try {
    await initWorkspace(context, options);
    return { problems: [], warnings };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "GC1111") throw error;
    return { problems: error.problems, warnings };
  }
}

function project(files: Readonly<Record<string, string>> = {}): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const [path, text] of Object.entries({ "compose.yaml": SERVICE, ...files })) folder.write(path, text);
  return folder;
}

describe("init --production", () => {
  it("writes a declaration with comments, and a stack with a proxy", async () => {
    using folder = project();
    expect(await initIn(folder, OPTIONS)).toEqual({ problems: [], warnings: [] });
    expect(folder.read("glitchtip.yaml")).toMatch(/^production: \{ domain: errors\.example\.com \}$/m);
    expect(folder.read("glitchtip.yaml")).toMatch(/retention: \{ events: 90d \}/);
    expect(folder.read("compose.override.yaml")).toContain("glitchtip-proxy:");
    expect(folder.read(".glitchtip/proxy/Caddyfile")).toContain("https://errors.example.com {");
  });

  it("asks the engine for the network of the user's Traefik, and warns where it is missing", async () => {
    const options = { ...OPTIONS, proxy: "traefik", proxyNetwork: "edge" };
    using folder = project();
    const asking = (names: readonly string[]) => network({ hasNetwork: async (name) => names.includes(name) });
    const missing = await initIn(folder, options, { network: asking([]) });
    expect(missing).toEqual({ problems: [], warnings: [expect.stringContaining("docker network create edge")] });
    expect(await initIn(folder, options, { network: asking(["edge"]) })).toEqual({ problems: [], warnings: [] });
    expect(await initIn(folder, options)).toEqual({ problems: [], warnings: [] });
  });

  it("adds production to a declaration for development, and keeps the rest of it", async () => {
    using folder = project();
    await initIn(folder, { apps: { api: "shop" }, email: "ops@shop.example" });
    const before = folder.read("glitchtip.yaml");
    expect(await initIn(folder, { ...OPTIONS, emailUrl: "env:MAIL_URL" }, { env: { MAIL_URL: "smtp://m" } })).toEqual({
      problems: [],
      warnings: [],
    });
    expect(folder.read("glitchtip.yaml")).toBe(
      `${before}production: { domain: errors.example.com }\nmail: { url: env:MAIL_URL }\n`,
    );
  });

  it("changes nothing on a second run, and refuses another domain than the declared one", async () => {
    using folder = project();
    await initIn(folder, OPTIONS);
    const before = folder.files();
    await initIn(folder, OPTIONS);
    expect(folder.files()).toEqual(before);
    await expect(initIn(folder, { domain: "other.example.com" })).rejects.toMatchObject({
      code: "GC1001",
      problems: [expect.stringContaining("production.domain")],
    });
  });
});

describe("init --production refuses, before anything is written,", () => {
  it("a domain without DNS, ports that are taken, and placeholders for secrets", async () => {
    using folder = project({
      ".glitchtip/secrets/secret_key": "change_me",
      ".glitchtip/secrets/admin_password": "12345678",
      "db-url": "postgres://shop:postgres@db/shop",
    });
    const before = folder.files();
    const host = network({
      resolves: async () => false,
      portIsFree: async () => false,
      taken: { ports: [{ port: 80, hostIp: "0.0.0.0", protocol: "tcp", container: "nginx-1" }], here: true },
    });
    const { problems } = await initIn(folder, OPTIONS, { network: host });
    expect(problems).toEqual([
      expect.stringMatching(/^admin-password is short/),
      expect.stringMatching(/^secret-key is a placeholder/),
      expect.stringMatching(/errors\.example\.com does not resolve.*DNS.*--tls internal/),
      expect.stringMatching(/:80, .* taken by container nginx-1: .*production\.proxy.*docker stop nginx-1/),
      expect.stringMatching(/:443, .* taken by a process.*ss -ltnp/),
    ]);
    expect(problems.join()).not.toMatch(/change_me|12345678/);
    expect(folder.files()).toEqual(before);
  });

  it("a weak password in an external address, without showing it", async () => {
    using folder = project();
    await initIn(folder, { apps: { api: "shop" } });
    const text = folder.read("glitchtip.yaml");
    folder.write("glitchtip.yaml", text.replace("server:\n", "server:\n  database: { url: env:DB }\n"));
    const env = { DB: "postgres://shop:change_me@db/shop" };
    const { problems } = await initIn(folder, { domain: "errors.example.com" }, { env });
    expect(problems).toEqual([expect.stringMatching(/^server\.database\.url \(env:DB\) is a placeholder/)]);
    expect(problems.join()).not.toContain("change_me");
    expect(folder.read("glitchtip.yaml")).not.toContain("production:");
  });

  it("a mail address that cannot be read, or that ends with a newline", async () => {
    using folder = project();
    const options = { ...OPTIONS, emailUrl: "file:./mail-url" };
    await expect(initIn(folder, options)).rejects.toMatchObject({
      code: "GC1107",
      message: expect.stringContaining("mail.url: there is no file ./mail-url"),
    });
    folder.write("mail-url", "smtp://mail.shop.example\n\n");
    await expect(initIn(folder, options)).rejects.toMatchObject({
      message: expect.stringMatching(/mail\.url: .*newline/),
    });
    expect(Object.keys(folder.files())).toEqual(["compose.yaml", "mail-url"]);
  });

  it("but accepts the project's own running proxy, and an unresolved name with an internal authority", async () => {
    using folder = project();
    const ports = [80, 443].map((port) => ({
      port,
      hostIp: "0.0.0.0",
      protocol: "tcp",
      container: "shop-glitchtip-proxy-1",
      project: "shop",
    }));
    const host = network({ resolves: async () => false, taken: { ports, here: true } });
    const options = { ...OPTIONS, domain: "errors.example.com", tls: "internal" };
    expect(await initIn(folder, options, { network: host })).toEqual({
      problems: [],
      warnings: [expect.stringMatching(/does not resolve.*add it to your DNS/)],
    });
  });

  it("but does not check ports and names behind another proxy, or with --no-preflight", async () => {
    using folder = project();
    const closed = network({ portIsFree: async () => false });
    const options = { ...OPTIONS, domain: "errors.example.com", proxy: "nginx" };
    expect((await initIn(folder, options, { network: closed })).problems).toEqual([]);
    using another = project();
    expect((await initIn(another, OPTIONS, {})).problems).toEqual([]);
  });
});
