import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { localRegistry } from "./support/registry.ts";
import { Stack } from "./support/stack.ts";

const DECLARATION = `version: 1
server: {image: "glitchtip/glitchtip:6"}
admin: {email: admin@example.com}
organization: Acme
projects: {shop: {}}
apps: {}
`;
/** Alone: nobody else has this image. */
const COMPOSE = `services:
  page:
    image: gtc-page:1.0
    build: {context: ., dockerfile_inline: "FROM busybox:1"}
    command: [sleep, "1000"]
    init: true
    environment: {PAGE_PASSWORD: "\${PAGE_PASSWORD}"}
`;

describeOnEngine("images and files for elsewhere", () => {
  let stack: Stack;
  const elsewhere = mkdtempSync(join(tmpdir(), "gtc-elsewhere-"));
  const cli = (...args: string[]) => stack.project.cli(args);

  beforeAll(async () => {
    stack = await Stack.in({ "glitchtip.yaml": DECLARATION, "compose.yaml": COMPOSE });
    appendFileSync(join(stack.project.dir, ".env"), "PAGE_PASSWORD=correct-horse-battery\n");
    await stack.init();
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await stack.project.docker(["image", "rm", "gtc-page:1.0"], { cwd: tmpdir() });
    rmSync(elsewhere, { recursive: true, force: true });
  });

  it("build leaves what runs alone, also when it fails", async () => {
    expect(await cli("build")).toMatchObject({ code: 0, stdout: expect.stringContaining("built page") });
    await stack.up();
    const { Id } = await stack.container("page");
    stack.write("compose.yaml", COMPOSE.replace("FROM busybox:1", "FROM busybox:1\\nRUN exit 3"));
    expect(await cli("build", "page")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("running containers are unchanged"),
    });
    stack.write("compose.yaml", COMPOSE);
    expect((await stack.container("page")).Id).toBe(Id);
    expect(await cli("build", "web")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Those have one: page"),
    });
  });

  it("a bundle holds images, files and checksums, no secret and no value of .env, and is never written over", async () => {
    expect(await cli("package", "create", "--to", elsewhere, "--name", "one")).toMatchObject({ code: 0 });
    const folder = join(elsewhere, "one");
    expect(readdirSync(folder).sort()).toEqual(["SHA256SUMS", "bundle.json", "images.tar", "load.sh", "project"]);
    execFileSync("sh", ["-c", "sha256sum --check --quiet SHA256SUMS"], { cwd: folder });
    const names = JSON.parse(readFileSync(join(folder, "bundle.json"), "utf8")).images.map(
      ({ image }: { image: string }) => image,
    );
    expect(names).toEqual(["glitchtip/glitchtip:6", "gtc-page:1.0", "node:24-slim", "postgres:18"]);
    const files = readdirSync(join(folder, "project"), { recursive: true, encoding: "utf8" }).filter((name) =>
      statSync(join(folder, "project", name)).isFile(),
    );
    const texts = files.map((name) => readFileSync(join(folder, "project", name), "utf8")).join("\n");
    const made = ["admin_password", "db_password", "secret_key"];
    const secrets = await Promise.all(made.map((name) => stack.secret(name)));
    for (const secret of [...secrets, "correct-horse-battery"]) expect(texts).not.toContain(secret);
    expect(texts).toContain("# PAGE_PASSWORD=");
    const again = await cli("package", "create", "--to", elsewhere, "--name", "one");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("already exists") });
  });

  it("a Compose file with a secret in it is refused with its line", async () => {
    stack.write("compose.yaml", COMPOSE.replace(/"\$.*?"/, "hunter2"));
    const refused = await cli("package", "create", "--to", elsewhere, "--name", "two");
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("compose.yaml, line 7: the value of PAGE_PASSWORD is written out"),
    });
    expect(existsSync(join(elsewhere, "two"))).toBe(false);
    stack.write("compose.yaml", COMPOSE);
  });

  it("is loaded by its own script into a stack that starts, keeping what is there", async () => {
    const target = join(elsewhere, "shop");
    const load = () => execFileSync("sh", [join(elsewhere, "one", "load.sh"), target], { encoding: "utf8" });
    expect(load()).toContain("wrote   glitchtip.yaml");
    expect(existsSync(join(target, ".glitchtip/secrets"))).toBe(false);
    expect(load()).toContain("kept    glitchtip.yaml");
    await stack.compose(["down", "-t", "1"]);
    // Under a name of its own, so that it goes with this test.
    const env = readFileSync(join(target, ".env"), "utf8").replace(stack.name, `${stack.name}-b`);
    writeFileSync(join(target, ".env"), `${env}PAGE_PASSWORD=other\n`);
    const up = await stack.project.docker(["compose", "up", "-d", "--wait", "--pull", "never"], { cwd: target });
    const down = await stack.project.docker(["compose", "down", "-v", "-t", "1"], { cwd: target });
    expect([up.code, down.code], up.stderr).toEqual([0, 0]);
  });

  it("a damaged copy is told, and not loaded", async () => {
    expect(await cli("package", "verify", join(elsewhere, "one"))).toMatchObject({ code: 0 });
    appendFileSync(join(elsewhere, "one", "project", "glitchtip.yaml"), "# changed\n");
    expect(await cli("package", "verify", join(elsewhere, "one"))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("project/glitchtip.yaml has other content"),
    });
    const load = () =>
      execFileSync("sh", [join(elsewhere, "one", "load.sh"), join(elsewhere, "never")], { stdio: "pipe" });
    expect(load).toThrow(/nothing was done/);
    expect(existsSync(join(elsewhere, "never"))).toBe(false);
  });

  it("push gives images their own names in another registry, and writes over none", async () => {
    await using registry = await localRegistry([]);
    const to = `${registry.address}/mirror`;
    const pushed = await cli("push", "page", "--to", to, "--json");
    expect(JSON.parse(pushed.stdout)).toMatchObject({
      images: [{ image: "gtc-page:1.0", as: `${to}/gtc-page:1.0`, digest: expect.stringMatching(/^sha256:/) }],
    });
    expect(await cli("push", "page", "--to", to)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--overwrite"),
    });
    expect(await cli("push", "page", "--to", to, "--overwrite")).toMatchObject({ code: 0 });
    await stack.project.docker(["image", "rm", `${to}/gtc-page:1.0`]);
  });

  it("clean wants the project's name, and takes everything of it but files and images of others", async () => {
    const listed = await cli("clean", "--dry-run", "--json");
    expect(JSON.parse(listed.stdout).volumes).toContain(`${stack.name}_glitchtip-db`);
    expect(await cli("clean", "--confirm", "other")).toMatchObject({ code: 2 });
    expect(await cli("clean", "--no-images", "--confirm", stack.name)).toMatchObject({ code: 0 });
    const { stdout } = await stack.project.docker([
      "volume",
      "ls",
      "-q",
      "--filter",
      `label=com.docker.compose.project=${stack.name}`,
    ]);
    expect(stdout).toBe("");
    expect(stack.read("glitchtip.yaml")).toBe(DECLARATION);
  });
});
