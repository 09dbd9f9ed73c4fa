import { describe, expect, it } from "vitest";
import { defaultBackupSource } from "../../../src/config/backup-place.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { cronOf } from "../../../src/config/schema/backup.ts";
import { composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const COMPOSE = "services: { app: { image: own/app, entrypoint: [node], command: [x] } }\n";
const rendered = (lines: string) => renderedStack(declarationWith(lines), COMPOSE);
const services = (lines: string) => composeOf(rendered(lines)).services;
const S3 =
  'target: { s3: { endpoint: "https://s3.example.com", bucket: shop, accessKey: env:S3_ID, secretKey: "file:./s3" } }';

describe("backup.schedule", () => {
  it("adds nothing where it is left out and the database is the stack's own", () => {
    expect(Object.keys(services("")).filter((name) => /backup/.test(name))).toEqual([]);
    expect(Object.keys(services("backup: { keep: daily=7 }")).filter((name) => /backup/.test(name))).toEqual([]);
  });

  it("adds a service with files and a way out, and one with the password and no way out", () => {
    const { "glitchtip-backup": maker, "glitchtip-backup-db": tools } = services('backup: { schedule: "03:15" }');
    expect(maker).toMatchObject({ networks: ["glitchtip"], cap_add: ["CHOWN", "DAC_OVERRIDE"] });
    expect(secretsOf(maker)).toEqual([]);
    expect(maker?.volumes).toContain(`${defaultBackupSource(undefined)}:/backups`);
    expect(tools).toMatchObject({ networks: ["glitchtip-db"], user: "999:999" });
    expect(secretsOf(tools)).toEqual(["glitchtip_db_password"]);
    expect(JSON.stringify([maker, tools])).not.toContain("docker.sock");
  });

  it("creates a declared folder below the workspace for the user, ignored by git", () => {
    const file = (lines: string) => rendered(lines).files.find(({ path }) => path.endsWith("s/.gitignore"));
    expect(file('backup: { schedule: "03:15" }')).toBeUndefined();
    expect(file('backup: { schedule: "03:15", folder: backups }')).toMatchObject({
      path: "backups/.gitignore",
      content: "*\n",
      kind: "once",
    });
    const elsewhere = 'backup: { schedule: "03:15", folder: /mnt/copies }';
    expect(file(elsewhere)).toBeUndefined();
    expect(services(elsewhere)["glitchtip-backup"]?.volumes).toContain("/mnt/copies:/backups");
  });

  it("recreates the container when the declaration changes", () => {
    const hash = (lines: string) => {
      const environment = services(lines)["glitchtip-backup"]?.environment as Record<string, string> | undefined;
      return environment?.DECLARATION_SHA256;
    };
    expect(hash('backup: { schedule: "03:15" }')).toMatch(/^[0-9a-f]{64}$/);
    expect(hash('backup: { schedule: "03:16" }')).not.toBe(hash('backup: { schedule: "03:15" }'));
  });

  it("gives the keys of a target as files to the service with the way out only", () => {
    const stack = composeOf(rendered(`backup: { schedule: "03:15", ${S3} }`));
    const keys = ["glitchtip_backup_access_key", "glitchtip_backup_secret_key"];
    expect(secretsOf(stack.services["glitchtip-backup"])).toEqual(keys);
    expect(stack.services["glitchtip-backup"]).toMatchObject({ read_only: true });
    // Compose copies a secret from the environment into the container.
    expect(stack.services["glitchtip-setup"]).toMatchObject({
      secrets: keys.map((source) => ({ source, target: `/run/given-secrets/${source}` })),
      read_only: false,
    });
    expect(secretsOf(stack.services["glitchtip-backup-db"])).toEqual(["glitchtip_db_password"]);
    expect(stack.secrets).toMatchObject({
      glitchtip_backup_access_key: { environment: "S3_ID" },
      glitchtip_backup_secret_key: { file: "./s3" },
    });
  });
});

describe("backups of a database that runs elsewhere", () => {
  it("use a container with the tools, which only a backup starts", () => {
    const { "glitchtip-backup": maker, "glitchtip-backup-db": tools } = services(
      "server: { database: { url: env:DB } }",
    );
    expect(maker).toBeUndefined();
    expect(tools).toMatchObject({
      profiles: ["glitchtip-backup-db"],
      networks: ["glitchtip", "glitchtip-db"],
      environment: { GLITCHTIP_DATABASE_URL_FILE: "/run/secrets/glitchtip_database_url/value" },
    });
    expect(secretsOf(tools)).toEqual(["glitchtip_database_url"]);
  });
});

describe("cronOf", () => {
  const load = (schedule: string) => loadDeclaration(declarationWith(`backup: { schedule: "${schedule}" }`), "g.yaml");

  it.each([
    ["03:15", "15 3 * * *"],
    ["0:00", "0 0 * * *"],
    ["23:59", "59 23 * * *"],
    ["*/10 2-4 * * 1,3", "*/10 2-4 * * 1,3"],
  ])("turns %j into %j", (schedule, cron) => {
    expect(cronOf(load(schedule).backup?.schedule ?? "")).toBe(cron);
  });

  it.each([
    "24:00",
    "3:5",
    "daily",
    "* * * *",
    "* * * * * *",
    "15 3 * * MON",
    "99 * * * *",
    "* * * 13 *",
    "*/0 * * * *",
    "1- * * * *",
  ])("%j is refused", (schedule) => {
    expect(() => load(schedule)).toThrow(expect.objectContaining({ code: "GC1101" }));
  });
});
