import { describe, expect, it } from "vitest";
import { type InitOptions, initWorkspace } from "../../../src/init/init.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

interface Given {
  readonly compose: string;
  readonly env?: string;
  readonly shell?: Readonly<Record<string, string>>;
  readonly options?: InitOptions;
  /** Ports of this machine on which something listens. */
  readonly inUse?: readonly number[];
}

const serviceWith = (ports: string): string =>
  `services:\n  web:\n    image: shop/web\n    entrypoint: [python]\n    command: [manage.py]\n    ports:\n      ${ports}\n`;

/** Returns the port that `init` writes into the declaration and into GlitchTip's service, and what it says. */
async function initiated({ compose, env = "", shell = {}, options = {}, inUse = [] }: Given) {
  using folder = new TemporaryFolder();
  folder.write("compose.yaml", compose);
  if (env !== "") folder.write(".env", env);
  const said: string[] = [];
  const warnings: string[] = [];
  const log = {
    info: (text: string) => void said.push(text),
    step() {},
    debug() {},
    warn: (text: string) => void warnings.push(text),
  };
  const portIsFree = async (port: number) => !inUse.includes(port);
  const result = await initWorkspace(
    { dir: folder.path, log, env: shell, assets: testAssets(), portIsFree },
    { apps: { web: "shop" }, ...options },
  );
  return {
    declared: /^ {2}port: (\d+)/m.exec(folder.read("glitchtip.yaml"))?.[1],
    url: result.url,
    said: said.filter((line) => /\bport\b/.test(line)),
    warnings: warnings.filter((line) => /\bport\b/.test(line)),
  };
}

const TAKEN = ["GlitchTip gets port 8001 (server.port), because port 8000 is taken by web in your Compose file"];

describe("GlitchTip's port beside the user's services", () => {
  // The first layouts are those of django, fastapi and flask in docker/awesome-compose.
  it.each([
    ["the short form", '- "8000:8000"', "8001"],
    ["the short form without quotes", "- 8000:8000", "8001"],
    ["the long form", "- {target: 8000, published: 8000}", "8001"],
    ["a range", '- "8000-8004:8000-8004"', "8005"],
    ["a variable with a default", `- "\${WEB_PORT:-8000}:8000"`, "8001"],
    ["127.0.0.1", '- "127.0.0.1:8000:8000"', "8001"],
  ])("is the next free one: %s", async (_, ports, port) => {
    const found = await initiated({ compose: serviceWith(ports) });
    expect(found).toEqual({
      declared: port,
      url: `http://localhost:${port}`,
      said: [TAKEN[0]?.replace("8001", port)],
      warnings: [],
    });
  });

  it.each([
    ["UDP", '- "8000:8000/udp"'],
    ["a port inside the network only", '- "8000"'],
    ["another address of this host", '- "192.0.2.7:8000:8000"'],
  ])("stays the usual one, which the declaration need not state: %s", async (_, ports) => {
    const found = await initiated({ compose: serviceWith(ports) });
    expect(found).toEqual({ declared: undefined, url: "http://localhost:8000", said: [], warnings: [] });
  });

  it("avoids a service with a profile, which may be started later", async () => {
    const compose = `${serviceWith('- "3000:3000"')}  docs: {image: docs, profiles: [docs], ports: ["8000:80"]}\n`;
    expect((await initiated({ compose })).declared).toBe("8001");
  });

  it("is one on which nothing listens on this machine", async () => {
    const found = await initiated({ compose: serviceWith('- "8001:8001"'), inUse: [8000, 8002] });
    expect([found.declared, found.said]).toEqual([
      "8003",
      ["GlitchTip gets port 8003 (server.port), because port 8000 is taken by another program on this machine"],
    ]);
  });

  it("may be one that is given, but not one that a service publishes", async () => {
    const compose = serviceWith('- "9000:8000"');
    expect((await initiated({ compose, options: { port: 9100 } })).declared).toBe("9100");
    await expect(initiated({ compose, options: { port: 9000 } })).rejects.toMatchObject({
      code: "GC1603",
      message: "--port 9000: this port is taken by web in your Compose file",
      remedy: "Type a free one: --port 9001",
    });
    const found = await initiated({ compose, options: { port: 9100 }, inUse: [9100] });
    expect([found.declared, found.warnings]).toEqual([
      "9100",
      ["port 9100 is taken by another program on this machine. Type a free one: --port 9101"],
    ]);
  });

  it("is the one that .env or the shell states, with a warning where a service publishes it", async () => {
    const compose = serviceWith('- "8000:8000"');
    const kept = await initiated({ compose, env: "GLITCHTIP_PORT=8100\n" });
    expect([kept.declared, kept.warnings]).toEqual([undefined, []]);
    const taken = await initiated({ compose, env: "GLITCHTIP_PORT=8000\n" });
    expect(taken.warnings).toEqual([expect.stringContaining("port 8000 of GlitchTip is published by web, too")]);
  });

  it("is not chosen behind a proxy of the stack, which needs none", async () => {
    const found = await initiated({
      compose: serviceWith('- "8000:8000"'),
      options: { domain: "errors.example.com", email: "ops@example.com" },
    });
    expect([found.declared, found.said, found.warnings]).toEqual([undefined, [], []]);
  });
});

describe("the port of the sample app", () => {
  const sampled = async (inUse: readonly number[], env = "", options: InitOptions = {}) => {
    using folder = new TemporaryFolder();
    if (env !== "") folder.write(".env", env);
    const said: string[] = [];
    const log = { info: (text: string) => void said.push(text), step() {}, debug() {}, warn() {} };
    const portIsFree = async (port: number) => !inUse.includes(port);
    const context = { dir: folder.path, log, env: {}, assets: testAssets(), portIsFree };
    await initWorkspace(context, options);
    const again = await initWorkspace(context);
    const files = folder.files();
    const port = /APP_PORT:-(\d+)/.exec(files["compose.yaml"] ?? "")?.[1];
    return { port, env: files[".env"], said: said.filter((line) => /sample app gets/.test(line)), again };
  };

  it("is one on which nothing listens, written where GlitchTip's goes: into the committed files", async () => {
    const found = await sampled([3000, 3001]);
    expect(found).toMatchObject({ port: "3002", env: undefined, again: { nothingToChange: true } });
    expect(found.said).toEqual([
      "the sample app gets port 3002 (compose.yaml), because port 3000 is taken by another program on this machine",
    ]);
  });

  it("is the same in .env where Compose finds our file by it", async () => {
    const { env, again } = await sampled([3000], "", { discovery: "env" });
    expect([env, again.nothingToChange]).toEqual([expect.stringContaining("APP_PORT=3001\n"), true]);
  });

  it("is not the one that GlitchTip gets", async () => {
    expect((await sampled([3000], "", { port: 3001 })).port).toBe("3002");
  });

  it("is the usual one where it is free, or where APP_PORT states another", async () => {
    expect(await sampled([])).toMatchObject({ port: "3000", said: [] });
    expect(await sampled([3000], "APP_PORT=3333\n")).toMatchObject({ port: "3000", said: [] });
  });
});
