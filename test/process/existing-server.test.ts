import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CliFolders, cliFolders, needsScript, startCli, startOnTerminal } from "../support/cli-process.ts";

const COMPOSE = `services:
  api: { image: shop/api, entrypoint: [node], command: [server.js] }
  web: { image: shop/web, entrypoint: [nginx], command: [] }
`;
const KEY = "0123456789abcdef".repeat(2);
const DSN = `https://${KEY}@errors.example.com/7`;

function inShop(): CliFolders & { read(...path: string[]): string; write(path: string, text: string): void } {
  const folders = cliFolders();
  const path = (...names: string[]) => join(folders.project, ...names);
  writeFileSync(path("compose.yaml"), COMPOSE);
  return {
    ...folders,
    read: (...names) => readFileSync(path(...names), "utf8"),
    write: (name, text) => writeFileSync(path(name), text),
    [Symbol.dispose]: () => folders[Symbol.dispose](),
  };
}

const run = (folders: CliFolders, ...words: string[]) => startCli(folders, "-C", folders.project, ...words).ended;

describe("init beside a GlitchTip that is there already", () => {
  it("writes the token as a reference, and creates neither secrets nor a port", async () => {
    using shop = inShop();
    shop.write("token", "t0ken");
    const flags = ["--server-url", "https://errors.example.com", "--token-file", "token", "--app", "api=shop"];
    const first = await run(shop, "init", "--yes", ...flags);
    expect(first.code, first.stderr).toBe(0);
    expect(shop.read("glitchtip.yaml")).toContain("url: https://errors.example.com\n  token: file:token\n");
    expect(shop.read("glitchtip.yaml")).not.toMatch(/^ *(image|admin):/m);
    expect(() => shop.read(".env")).toThrow();
    expect(() => statSync(join(shop.project, ".glitchtip", "secrets"))).toThrow();
    expect(first.stdout).toContain("GlitchTip  https://errors.example.com\n");
    expect(await run(shop, "init", "--yes", ...flags)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("nothing to change"),
    });
    const other = await run(shop, "init", "--yes", "--server-url", "https://other.example.com", "--token", "env:T");
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("server.url")]);
    const added = await run(shop, "add", "web", "--project", "site");
    expect([added.code, added.stdout], added.stderr).toEqual([0, expect.stringContaining("web: SENTRY_DSN")]);
    expect((await run(shop, "remove", "web")).code).toBe(0);
  });

  it("can be asked for on a terminal, where the token itself is not taken", async ({ skip }) => {
    needsScript(skip);
    using shop = inShop();
    await using asked = startOnTerminal(shop, "init", "--organization", "Acme", "--app", "api=shop");
    await asked.says("Which GlitchTip do you want?");
    asked.type("\u001b[B\r");
    await asked.says("Its URL");
    asked.type("https://errors.example.com\r");
    await asked.says("Where is its API token?");
    // The token itself is refused: the question stays, and what was typed is taken back.
    asked.type(`t0ken\r${"\u007f".repeat(5)}`);
    asked.type("env:GLITCHTIP_TOKEN\r");
    const { code, stdout } = await asked.ended;
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining("server.token: the variable GLITCHTIP_TOKEN is not set"),
    ]);
    expect(stdout).not.toContain("e-mail address");
  });

  it("refuses what is for a stack of its own, a token itself, and nothing to sign in with, all at once", async () => {
    using shop = inShop();
    const secret = KEY + KEY;
    const url = ["--server-url", "https://errors.example.com"];
    const refused = await run(shop, "init", "--yes", ...url, "--token", secret, "--image", "g:6", "--port", "9000");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--token: file:PATH.*\n.*--image is for.*\n.*--port is for/);
    expect(refused.stderr).not.toContain(secret);
    const nothing = await run(shop, "init", "--yes", ...url, "--app", "api=shop");
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining("how to sign in: --token")]);
  });

  it("reports everything that a declaration lacks or has too much of at once", async () => {
    using shop = inShop();
    shop.write(
      "glitchtip.yaml",
      "version: 1\nserver: { url: 'http://localhost:8000', topology: split, valkey: bundled }\norganization: A\nprojects: { s: {} }\napps: { api: { project: s, dsn: env:X }, web: {} }\n",
    );
    const { code, stderr } = await run(shop, "init");
    expect(code).toBe(2);
    for (const text of [
      "server.topology: is for a GlitchTip of this stack",
      "server.valkey: is for a GlitchTip of this stack",
      "server: nothing says how to sign in",
      "server.url: in a container http://localhost:8000 is the container itself; state server.containerUrl, such as http://host.docker.internal:8000",
      "apps.api.project: the app has a DSN of its own",
      "apps.web.project: is missing",
    ]) {
      expect(stderr).toContain(text);
    }
  });
});

describe("apps with a DSN of their own", () => {
  it("are added by reference; a file's DSN goes into an env file that nobody else reads, and git does not see", async () => {
    using shop = inShop();
    shop.write("glitchtip.yaml", "version: 1\napps: { api: { dsn: env:API_DSN } }\n");
    expect((await run(shop, "init")).code).toBe(0);
    shop.write("web.dsn", `${DSN}\n`);
    const added = await run(shop, "add", "web", "--dsn", "file:web.dsn");
    expect(added.code, added.stderr).toBe(0);
    expect(shop.read(".glitchtip", "env", "web.env")).toBe(`SENTRY_DSN='${DSN}'\n`);
    expect(statSync(join(shop.project, ".glitchtip", "env", "web.env")).mode & 0o777).toBe(0o600);
    expect(shop.read(".glitchtip", ".gitignore")).toContain("/env/");
    for (const text of [shop.read("compose.override.yaml"), shop.read("glitchtip.yaml"), added.stdout, added.stderr])
      expect(text).not.toContain(KEY);
    expect((await run(shop, "init")).stdout).toContain("nothing to change");
  });

  it("run without reporting where the file is missing, empty or holds no DSN, and it is said", async () => {
    using shop = inShop();
    shop.write("glitchtip.yaml", "version: 1\napps: { api: { dsn: file:api.dsn }, web: { dsn: file:web.dsn } }\n");
    shop.write("web.dsn", "https://errors.example.com/7");
    const { code, stderr } = await run(shop, "init");
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("apps.api.dsn: there is no file api.dsn: the app runs"),
    ]);
    expect(stderr).toContain("apps.web.dsn: its value is no DSN");
    expect([shop.read(".glitchtip", "env", "api.env"), shop.read(".glitchtip", "env", "web.env")]).toEqual([
      "SENTRY_DSN=''\n",
      "SENTRY_DSN=''\n",
    ]);
    expect(await run(shop, "rotate", "--yes")).toMatchObject({
      code: 0,
      stdout: "every app has a given DSN, so there is no key to rotate\n",
    });
    expect(await run(shop, "verify", "api")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("api: a DSN of its own"),
    });
  });
});
