import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildS3Server, S3_ACCOUNT, S3_PROGRAM } from "../support/s3-server.ts";
import { backupFolderIn } from "./support/backup.ts";
import { describeOnEngine } from "./support/engine.ts";
import { readEvent } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const noS3 = await buildS3Server();

const S3 = `services:
  s3:
    image: busybox:1
    command: [sh, -c, "mkdir -p /tmp/data/shop /tmp/side; exec /versitygw --port :7070 posix --sidecar /tmp/side /tmp/data"]
    environment: { ROOT_ACCESS_KEY: ${S3_ACCOUNT.accessKey}, ROOT_SECRET_KEY: ${S3_ACCOUNT.secretKey} }
    volumes: ["./versitygw:/versitygw:ro"]
    ports: ["127.0.0.1:\${S3_PORT}:7070"]
    networks: [glitchtip]
`;

describeOnEngine("a stack with backup.schedule", () => {
  let stack: Stack;
  const cli = (...args: string[]) => stack.project.cli(args);
  const folder = () => backupFolderIn(stack);
  const backups = () => readdirSync(folder()).filter((name) => /^glitchtip-\d+-\d+Z$/.test(name));
  const report = () => JSON.parse(readFileSync(join(folder(), "status.json"), "utf8"));

  beforeAll(async () => {
    stack = await Stack.sample();
    await stack.up();
    const { eventId = "" } = (await stack.app<{ eventId: string }>("/error")) ?? {};
    await readEvent(stack, "app", eventId);
    stack.write("glitchtip.yaml", `${stack.read("glitchtip.yaml")}\nbackup: { schedule: "* * * * *", keep: last=2 }\n`);
    await stack.init();
    await stack.up();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("makes one by itself, tried by a restore, which belongs to the folder's owner; status tells of it", async () => {
    const name = await until("a backup", async () => backups()[0], 120_000);
    await until("its report", async () => (existsSync(join(folder(), "status.json")) ? true : undefined));
    expect(report()).toMatchObject({ version: 1, name, deleted: [] });
    const manifest = JSON.parse(readFileSync(join(folder(), name, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ reason: "scheduled", verified: "trial restore", project: stack.name });
    expect(manifest.files.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(["database.dump", "uploads.tar", "state.json", "project/glitchtip.yaml", "project/.env"]),
    );
    expect(statSync(join(folder(), name)).uid).toBe(statSync(folder()).uid);
    expect((await cli("backup", "verify", name)).code).toBe(0);
    const { backup } = JSON.parse((await cli("status", "--json")).stdout);
    expect(backup).toMatchObject({ last: { verified: true }, next: expect.stringMatching(/T/) });
  });

  it("has neither the engine's socket nor, where the password is, a way out", async () => {
    const config = JSON.parse((await stack.compose(["config", "--format", "json"])).stdout);
    const [maker, tools] = [config.services["glitchtip-backup"], config.services["glitchtip-backup-db"]];
    expect(JSON.stringify([maker, tools])).not.toContain("docker.sock");
    expect(Object.keys(tools.networks)).toEqual(["glitchtip-db"]);
    expect(maker.secrets).toBeUndefined();
  });

  it("restores as any other", async () => {
    const [name = ""] = backups();
    const ended = await cli("restore", name, "--confirm", stack.name);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("the old DSN of app was accepted") });
  });

  it("keeps as many as declared", async () => {
    for (let i = 0; i < 2; i++)
      expect((await stack.exec("glitchtip-backup", "node", "/opt/glitchtip-compose/backup.mjs", "once")).code).toBe(0);
    expect(backups().length).toBe(2);
  });

  it("tells of a failure: in the log, the report and status", async () => {
    await stack.compose(["stop", "-t", "1", "glitchtip-db"]);
    expect((await stack.exec("glitchtip-backup", "node", "/opt/glitchtip-compose/backup.mjs", "once")).code).toBe(1);
    expect(report().error).toMatchObject({ code: "GC1801" });
    expect((await cli("status")).stdout).toContain("the last backup failed: GC1801");
    expect(readdirSync(folder()).filter((name) => name.endsWith(".partial"))).toEqual([]);
    await stack.compose(["start", "glitchtip-db"]);
  });

  it.skipIf(noS3 !== undefined)(
    `copies it to an S3 server, from where it can be had back${noS3 ? ` (${noS3})` : ""}`,
    async () => {
      copyFileSync(S3_PROGRAM, join(stack.project.dir, "versitygw"));
      const port = stack.project.ports.glitchtip + 1;
      stack.write(
        ".env",
        `${stack.read(".env")}S3_PORT=${port}\nS3_ID=${S3_ACCOUNT.accessKey}\nS3_SECRET=${S3_ACCOUNT.secretKey}\n`,
      );
      stack.override(S3);
      const target = (endpoint: string) =>
        `target: { s3: { endpoint: "${endpoint}", bucket: shop, prefix: gt/, accessKey: "env:S3_ID", secretKey: "env:S3_SECRET" } }`;
      stack.edit("glitchtip.yaml", "keep: last=2", `keep: last=2, ${target("http://s3:7070")}`);
      await stack.init();
      await stack.up();
      expect((await stack.exec("glitchtip-backup", "node", "/opt/glitchtip-compose/backup.mjs", "once")).code).toBe(0);
      expect(report()).toMatchObject({ uploaded: true });
      expect((await stack.exec("glitchtip-backup", "env")).stdout).not.toContain(S3_ACCOUNT.secretKey);

      // From the host it has another address.
      stack.edit("glitchtip.yaml", "http://s3:7070", `http://127.0.0.1:${port}`);
      const { name } = report();
      expect((await cli("backup", "list", "--target")).stdout).toContain(name);
      const fetched = await cli("backup", "fetch", name, "--to", "fetched");
      expect(fetched.code).toBe(0);
      expect((await cli("backup", "verify", join("fetched", name))).code).toBe(0);
    },
  );
});
