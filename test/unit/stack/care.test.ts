import { describe, expect, it } from "vitest";
import { careSettings } from "../../../src/config/service-settings.ts";
import { composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const COMPOSE = "services: { app: { image: own/app, entrypoint: [node], command: [x] } }\n";
const rendered = (lines: string) => renderedStack(declarationWith(lines), COMPOSE);
const stack = (lines: string) => composeOf(rendered(lines));
const settings = (lines: string) =>
  careSettings.parse(
    JSON.parse(rendered(lines).files.find(({ path }) => path === ".glitchtip/care.json")?.content ?? ""),
  );
const NOTIFY = 'notify: [{ type: feishu, url: "file:./hook", secret: env:SIGN }, { type: slack, url: "file:./slack" }]';

describe("a stack without care and notify", () => {
  it("has no care service, and no supervisor before its processes", () => {
    const { services } = stack("");
    expect(Object.keys(services)).not.toContain("glitchtip-care");
    expect(JSON.stringify(services)).not.toContain("supervise.py");
    expect(rendered("").files.map(({ path }) => path)).not.toContain(".glitchtip/care.mjs");
  });
});

describe("care", () => {
  const both = stack("server: { topology: split }\ncare: {}");

  it("puts the supervisor before web and worker, behind the gate", () => {
    const { glitchtip, "glitchtip-worker": worker } = both.services;
    expect(glitchtip?.entrypoint).toEqual(["python", "/opt/glitchtip-compose/gate.py", "serve"]);
    expect(glitchtip?.command).toEqual([
      "python",
      "-I",
      "-S",
      "/opt/glitchtip-compose/supervise.py",
      "glitchtip",
      "./bin/start.sh",
    ]);
    expect(worker?.command).toEqual(expect.arrayContaining(["glitchtip-worker", "./manage.py", "runworker"]));
    for (const service of [glitchtip, worker])
      expect(service?.volumes).toEqual(
        expect.arrayContaining(["glitchtip-uploads:/code/uploads", "glitchtip-care:/run/glitchtip-care"]),
      );
    expect(worker?.environment).toMatchObject({
      GLITCHTIP_CARE_ALIVE_FILE: "/tmp/worker-alive",
      DATABASE_NAME: "glitchtip",
    });
  });

  it("gives its service no Docker socket and no capability, and the limits of the others", () => {
    const own = both.services["glitchtip-care"];
    expect(own).toMatchObject({
      cap_drop: ["ALL"],
      read_only: true,
      mem_limit: "128m",
    });
    expect(secretsOf(own)).toEqual(["glitchtip_db_password"]);
    expect(JSON.stringify(own)).not.toContain("docker.sock");
  });

  it("takes each process's grace period from its service", () => {
    expect(settings("server: { topology: split }\ncare: {}").services).toEqual([
      { service: "glitchtip", role: "web", graceSeconds: 30, aliveFile: false },
      { service: "glitchtip-worker", role: "worker", graceSeconds: 60, aliveFile: true },
    ]);
  });

  it("knows where jobs wait in each generation", () => {
    const jobs = (server: string) => settings(`server: { ${server} }\ncare: {}`).jobs;
    expect(jobs("image: glitchtip/glitchtip:5.2.1")).toBe("valkey");
    expect(jobs("image: glitchtip/glitchtip:5.2.1, valkey: off")).toBe("database");
    expect(jobs("image: glitchtip/glitchtip:v5.1.1")).toBe("valkey");
    expect(jobs("topology: split")).toBe("database");
    expect(jobs("valkey: bundled")).toBe("valkey");
  });

  it("knows each generation's format of jobs, and which process takes them", () => {
    const of = (server: string) => settings(`server: { ${server} }\ncare: {}`);
    expect(of("image: glitchtip/glitchtip:5.2.1")).toMatchObject({ jobQueue: "celery", worker: "glitchtip-worker" });
    expect(of("topology: split")).toMatchObject({ jobQueue: "vtasks", worker: "glitchtip-worker" });
    expect(of("topology: all-in-one")).toMatchObject({ jobQueue: "vtasks", worker: "glitchtip" });
  });

  it("has the longest retention, and asks the stack's Caddy for its certificate inside the network", () => {
    const lines =
      "server: { retention: { events: 30d, uptime: 400d } }\nproduction: { domain: errors.example.com }\ncare: {}";
    expect(settings(lines)).toMatchObject({
      retentionDays: 400,
      instance: "errors.example.com",
      certificate: { domain: "errors.example.com", host: "glitchtip-proxy", port: 443 },
    });
  });

  it("mounts the backups' folder read-only, and only where the stack makes backups", () => {
    const volumes = (lines: string) => stack(lines).services["glitchtip-care"]?.volumes;
    expect(JSON.stringify(volumes("care: {}"))).not.toContain("/backups");
    expect(volumes('care: {}\nbackup: { schedule: "03:15" }')).toContainEqual(
      expect.stringMatching(/^\$\{XDG_DATA_HOME:-~\/\.local\/share\}\/glitchtip-compose\/.*\/backups:\/backups:ro$/),
    );
  });

  it("reaches a database that runs elsewhere by its address", () => {
    const lines = "server: { database: { url: env:DATABASE_URL } }\ncare: {}";
    expect(stack(lines).services["glitchtip-care"]?.read_only).toBe(true);
    expect(secretsOf(stack(lines).services["glitchtip-care"])).toEqual(["glitchtip_database_url"]);
    expect(settings(lines).database).toBe("url");
  });
});

describe("care of a single container", () => {
  const SINGLE = "server: { topology: single-container, valkey: bundled }";
  const single = stack(`${SINGLE}\ncare: {}`).services;
  const SECRET_VOLUMES = [
    "glitchtip-db-password:/run/secrets/glitchtip_db_password:ro",
    "glitchtip-secret-key:/run/secrets/glitchtip_secret_key:ro",
    "glitchtip-admin-password:/run/secrets/glitchtip_admin_password:ro",
  ];

  it("mounts the supervisor and the shared folder", () => {
    expect(single.glitchtip).toMatchObject({
      volumes: [
        "glitchtip-data:/data",
        "./.glitchtip/supervise.py:/opt/glitchtip-compose/supervise.py:ro",
        "glitchtip-care:/run/glitchtip-care",
        ...SECRET_VOLUMES,
      ],
      environment: { GLITCHTIP_CARE_SHARED: "1", GLITCHTIP_CARE_ALIVE_FILE: "/tmp/worker-alive" },
      read_only: true,
      cap_drop: ["ALL"],
      user: "5000:5000",
    });
    expect(single.glitchtip).not.toHaveProperty("command");
  });

  it("asks Postgres and Valkey by sockets in the shared folder", () => {
    expect(settings(`${SINGLE}\ncare: {}`)).toMatchObject({ database: "inside", valkey: "inside" });
    expect(single["glitchtip-care"]).toMatchObject({
      networks: ["glitchtip"],
      depends_on: { glitchtip: { condition: "service_healthy", required: false } },
    });
    expect(secretsOf(single["glitchtip-care"])).toEqual(["glitchtip_db_password"]);
    expect(Object.keys(stack(`${SINGLE}\ncare: {}`).networks as object)).toEqual(["glitchtip"]);
  });

  it.each(["glitchtip/glitchtip:6", "glitchtip/glitchtip:v5.1.1"])("restarts web and worker of %s", (image) => {
    expect(settings(`server: { topology: single-container, image: "${image}" }\ncare: {}`).services).toEqual([
      { service: "web", role: "web", graceSeconds: 30, aliveFile: false },
      { service: "worker", role: "worker", graceSeconds: 60, aliveFile: image.endsWith(":6") },
    ]);
  });

  it("has the folder for the sockets and no supervisor with notify alone", () => {
    const { glitchtip } = stack(`${SINGLE}\n${NOTIFY}`).services;
    const own = ["glitchtip-data:/data", "glitchtip-care:/run/glitchtip-care"];
    expect(glitchtip?.volumes).toEqual([...own, ...SECRET_VOLUMES]);
    expect(glitchtip?.environment).not.toHaveProperty("GLITCHTIP_CARE_SHARED");
    expect(settings(`${SINGLE}\n${NOTIFY}`).services).toEqual([]);
  });
});

describe("notify", () => {
  it("adds the care service without care, and no supervisor before GlitchTip's processes", () => {
    const { services, secrets } = stack(NOTIFY);
    expect(secretsOf(services["glitchtip-care"])).toEqual([
      "glitchtip_db_password",
      "glitchtip_notify_1_url",
      "glitchtip_notify_1_secret",
      "glitchtip_notify_2_url",
    ]);
    expect(secrets).toMatchObject({
      glitchtip_notify_1_url: { file: "./hook" },
      glitchtip_notify_1_secret: { environment: "SIGN" },
    });
    expect(JSON.stringify(services)).not.toContain("supervise.py");
  });

  it("recreates the container when it changes", () => {
    const hash = (lines: string) =>
      (stack(lines).services["glitchtip-care"]?.environment as Record<string, string> | undefined)?.SETTINGS_SHA256;
    expect(hash(NOTIFY)).toMatch(/^[0-9a-f]{64}$/);
    expect(hash(NOTIFY)).not.toBe(hash(`${NOTIFY}\ncare: {}`));
  });
});
