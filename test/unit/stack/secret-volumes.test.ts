import { describe, expect, it } from "vitest";
import { type ComposeProject, composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const COMPOSE = "services: { app: { image: own/app, entrypoint: [node], command: [x] } }\n";
const compose = (lines = ""): ComposeProject => composeOf(renderedStack(declarationWith(lines), COMPOSE));
const readers = (project: ComposeProject, secret: string) =>
  Object.keys(project.services).filter((name) => secretsOf(project.services[name]).includes(secret));

describe("the secrets of a stack", () => {
  it("are each mounted, read-only, only where they are needed", () => {
    const project = compose('server: { topology: split }\nbackup: { schedule: "03:15" }');
    expect(readers(project, "glitchtip_db_password")).toEqual([
      "glitchtip-db",
      "glitchtip-init",
      "glitchtip",
      "glitchtip-worker",
      "glitchtip-backup-db",
    ]);
    expect(readers(project, "glitchtip_secret_key")).toEqual(["glitchtip-init", "glitchtip", "glitchtip-worker"]);
    expect(readers(project, "glitchtip_admin_password")).toEqual(["glitchtip-init", "glitchtip-provision"]);
    expect(secretsOf(project.services.app)).toEqual([]);
    expect(project).not.toHaveProperty("secrets");
  });

  it("are filled in by a service without network and capabilities, which alone may write them", () => {
    const { services } = compose();
    expect(services["glitchtip-setup"]).toMatchObject({
      user: "0:0",
      cap_drop: ["ALL"],
      read_only: true,
      network_mode: "none",
      restart: "no",
      environment: { GLITCHTIP_SETUP_NAMES: "glitchtip_admin_password glitchtip_db_password glitchtip_secret_key" },
    });
    expect(services["glitchtip-setup"]).not.toHaveProperty("cap_add");
    const writable = Object.entries(services).filter(([, { volumes = [] }]) =>
      (volumes as unknown[]).some((volume) => /:\/run\/secrets\/\w+$/.test(String(volume))),
    );
    expect(writable.map(([name]) => name)).toEqual(["glitchtip-setup"]);
  });

  it("of an earlier version are read from the workspace while they are there", () => {
    const { services } = composeOf(renderedStack(declarationWith(""), COMPOSE, new Map(), { oldSecrets: true }));
    expect(services["glitchtip-setup"]).toMatchObject({ cap_add: ["DAC_READ_SEARCH"] });
    expect(services["glitchtip-setup"]?.volumes).toContain("./.glitchtip/secrets:/run/old-secrets:ro");
    expect(JSON.stringify(compose())).not.toContain(".glitchtip/secrets");
  });

  it("by reference are given to the setup service alone", () => {
    const project = compose("mail: { url: 'file:./mail-url' }\nadmin: { email: a@b.c, password: env:ADMIN }");
    const given = Object.entries(project.services).filter(([, { secrets }]) => secrets !== undefined);
    expect(given.map(([name]) => name)).toEqual(["glitchtip-setup"]);
    expect(project.services["glitchtip-setup"]).toMatchObject({
      cap_add: ["DAC_READ_SEARCH"],
      secrets: [
        { source: "glitchtip_admin_password", target: "/run/given-secrets/glitchtip_admin_password" },
        { source: "glitchtip_email_url", target: "/run/given-secrets/glitchtip_email_url" },
      ],
    });
  });

  it.each(["image:own/provisioner:1", "build"])(
    "are set up by the provisioner's image with provisioner: %s",
    (kind) => {
      const setup = compose(`provisioner: "${kind}"`).services["glitchtip-setup"];
      expect(setup).toMatchObject({
        image:
          kind === "build"
            ? expect.stringMatching(/^glitchtip-compose\/provisioner:[0-9a-f]{12}$/)
            : "own/provisioner:1",
        user: "0:0",
        command: ["setup"],
      });
      expect(JSON.stringify(setup?.volumes)).not.toContain("provisioner.mjs");
    },
  );
});

describe("the DSN of an app", () => {
  const SERVICES = "services: { api: { image: a, entrypoint: [x] }, web: { image: b, entrypoint: [y] } }\n";
  const APPS =
    "apps: { api: { project: shop }, web: { project: shop }, job: { project: shop, host: true, dotenv: .env.job } }";

  it.each([
    { kind: "mount", writers: ["glitchtip-provision"], capabilities: undefined },
    // Its user is not root, so the volumes have to be given to it.
    { kind: "build", writers: ["glitchtip-setup", "glitchtip-provision"], capabilities: ["CHOWN"] },
    { kind: "image:own/p:1", writers: ["glitchtip-setup", "glitchtip-provision"], capabilities: ["CHOWN"] },
  ])("is in a volume that no other app and no other service mounts, with provisioner: $kind", (one) => {
    const lines = `provisioner: "${one.kind}"\ncare: {}\nbackup: { schedule: "03:15" }\n${APPS}`;
    const { services, volumes } = composeOf(renderedStack(declarationWith(lines), SERVICES));
    const mounting = (volume: string) =>
      Object.entries(services).flatMap(([name, { volumes = [] }]) =>
        (volumes as unknown[]).flatMap((mount) => (String(mount).startsWith(`${volume}:`) ? [`${name} ${mount}`] : [])),
      );
    for (const app of ["api", "web", "job"]) {
      const writers = one.writers.map((name) => `${name} glitchtip-dsn-${app}:/run/glitchtip/apps/${app}`);
      const readers = app === "job" ? [] : [`${app} glitchtip-dsn-${app}:/run/glitchtip:ro`];
      expect(mounting(`glitchtip-dsn-${app}`)).toEqual([...writers, ...readers]);
    }
    expect(mounting("glitchtip-dsn")).toEqual([
      "glitchtip-provision glitchtip-dsn:/run/glitchtip",
      "glitchtip-care glitchtip-dsn:/run/glitchtip:ro",
    ]);
    expect(Object.keys(volumes as object)).toEqual(expect.arrayContaining(["glitchtip-dsn-api", "glitchtip-dsn-job"]));
    expect(services["glitchtip-setup"]?.cap_add).toEqual(one.capabilities);
  });
});
