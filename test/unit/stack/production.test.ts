// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOCK_FILE, lockText, parseLock } from "../../../src/stack/lock.ts";
import { contentLengthFrom, SECURITY_HEADERS } from "../../../src/stack/proxy.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const COMPOSE = "services:\n  api: { image: shop/api, entrypoint: [node], command: [server.js] }\n";
const stack = (lines: string) => renderedStack(declarationWith(`apps: { api: { project: shop } }\n${lines}`), COMPOSE);
const production = (more = "") => stack(`production: { domain: errors.example.com${more} }`);
const textOf = ({ files }: ReturnType<typeof stack>, path: string) => files.find((file) => file.path === path)?.content;
const web = (lines: string) => composeOf(stack(lines)).services.glitchtip;

describe("a stack in production", () => {
  const compose = composeOf(production());

  it("has a Caddy in front, which starts after the provisioner", () => {
    expect(compose.services["glitchtip-proxy"]).toMatchObject({
      image: "${GLITCHTIP_CADDY_IMAGE:-caddy:2}",
      ports: ["${GLITCHTIP_HTTP_PORT:-80}:80", "${GLITCHTIP_HTTPS_PORT:-443}:443"],
      depends_on: { "glitchtip-provision": { condition: "service_completed_successfully", required: false } },
      cap_drop: ["ALL"],
      cap_add: ["NET_BIND_SERVICE"],
      read_only: true,
      restart: "unless-stopped",
    });
  });

  it("publishes no other port, and answers to its own names only", () => {
    const published = Object.entries(compose.services).filter(([, service]) => service.ports !== undefined);
    expect(published.map(([name]) => name)).toEqual(["glitchtip-proxy"]);
    expect(compose.services.glitchtip?.environment).toMatchObject({
      GLITCHTIP_DOMAIN: "https://errors.example.com",
      ALLOWED_HOSTS: "errors.example.com,glitchtip,localhost,127.0.0.1",
      CSRF_TRUSTED_ORIGINS: "https://errors.example.com,http://glitchtip:8000",
      ENABLE_USER_REGISTRATION: "false",
      ENABLE_ORGANIZATION_CREATION: "false",
    });
  });

  it("splits web and worker, and limits memory and cores of all services that keep running", () => {
    for (const name of ["glitchtip", "glitchtip-worker", "glitchtip-db", "glitchtip-proxy"])
      expect(compose.services[name], name).toMatchObject({ mem_limit: expect.stringMatching(/^\d+m$/), cpus: 1 });
  });

  it("limits the backup service", () => {
    const { services } = composeOf(
      stack("production: { domain: errors.example.com }\nbackup: { schedule: '03:15', keep: 'daily=7' }"),
    );
    for (const name of ["glitchtip-backup", "glitchtip-backup-db"])
      expect(services[name], name).toMatchObject({ mem_limit: expect.stringMatching(/^\d+m$/), cpus: 1 });
    expect(services["glitchtip-init"]).not.toHaveProperty("cpus");
  });

  it("recreates Caddy's container when its configuration changes", () => {
    const label = (text: ReturnType<typeof stack>) => composeOf(text).services["glitchtip-proxy"]?.labels;
    expect(label(production())).toEqual(label(production()));
    expect(label(production(", bodyMegabytes: { other: 6 }"))).not.toEqual(label(production()));
  });
});

it("matches the lengths of bodies from a number of megabytes on", () => {
  const length = fc.oneof(
    fc.integer({ min: 0, max: 300_000_000 }),
    fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      length,
      fc.constantFrom("", "0", "00"),
      (megabytes, bytes, zeros) => {
        const edge = megabytes * 1_000_000;
        for (const one of [bytes, edge - 1, edge, edge + 1]) {
          expect([one, new RegExp(contentLengthFrom(megabytes)).test(zeros + one)]).toEqual([one, one >= edge]);
        }
      },
    ),
    propertyRuns(1_000),
  );
});

describe("the Caddyfile", () => {
  const caddyfile = (more = "") => textOf(production(more), ".glitchtip/proxy/Caddyfile") ?? "";

  it("limits bodies by path, sets the security headers, and redirects http to https", async () => {
    await expect(caddyfile()).toMatchFileSnapshot("snapshots/Caddyfile");
    for (const header of SECURITY_HEADERS) expect(caddyfile()).toContain(header);
  });

  it("uses the declared certificate", () => {
    expect(caddyfile()).not.toMatch(/^\s*tls /m);
    expect(caddyfile(", tls: { mode: internal }")).toMatch(/^\ttls internal$/m);
    const own = ", tls: { mode: own, certificate: 'file:./tls/cert.pem', key: 'file:./tls/key.pem' }";
    expect(caddyfile(own)).toMatch(
      /^\ttls \/run\/secrets\/glitchtip_tls_certificate \/run\/secrets\/glitchtip_tls_key$/m,
    );
    expect(composeOf(production(own))).toMatchObject({
      secrets: { glitchtip_tls_key: { file: "./tls/key.pem" } },
      services: { "glitchtip-proxy": { secrets: ["glitchtip_tls_certificate", "glitchtip_tls_key"] } },
    });
  });

  it("names an account only where Let's Encrypt accepts the address", () => {
    expect(caddyfile()).not.toContain("email");
    const lines = "admin: { email: ops@shop.example.io }\nproduction: { domain: errors.example.com }";
    expect(textOf(stack(lines), ".glitchtip/proxy/Caddyfile")).toMatch(/^\temail ops@shop\.example\.io$/m);
  });
});

describe("behind a proxy that the user runs", () => {
  it("two stacks behind one Traefik share no name of a router, service or middleware", () => {
    const namesFor = (domain: string) => {
      const file = renderedStack(
        declarationWith(`production: { domain: ${domain}, proxy: traefik, entrypoint: https }`),
        COMPOSE,
      );
      const labels = composeOf(file).services.glitchtip?.labels as Record<string, string>;
      expect(
        Object.entries(labels)
          .filter(([key]) => key.endsWith(".entrypoints"))
          .map(([, value]) => value),
      ).toEqual(["https", "https", "https"]);
      return Object.keys(labels).flatMap((key) => /^traefik\.http\.\w+\.([^.]+)\./.exec(key)?.[1] ?? []);
    };
    const one = namesFor("a-b.example.com");
    expect(namesFor("a.b.example.com").filter((name) => one.includes(name))).toEqual([]);
  });

  it("GlitchTip has Traefik's labels and joins its network", () => {
    const compose = composeOf(production(", proxy: traefik, network: edge, certResolver: le"));
    const { labels, ports, networks } = compose.services.glitchtip ?? {};
    expect(labels).toMatchObject({
      "traefik.enable": "true",
      "traefik.docker.network": "edge",
      "traefik.http.routers.glitchtip-errors_example_com.rule": "Host(`errors.example.com`)",
      // Two dollars: Compose makes one of them.
      "traefik.http.routers.glitchtip-errors_example_com-envelope.rule":
        "Host(`errors.example.com`) && PathRegexp(`^/api/[0-9]+/(envelope|store|security|minidump)/?$$`)",
      "traefik.http.routers.glitchtip-errors_example_com.tls.certresolver": "le",
      "traefik.http.middlewares.glitchtip-errors_example_com-envelope-size.buffering.maxRequestBodyBytes": "20000000",
      "traefik.http.services.glitchtip-errors_example_com.loadbalancer.server.port": "8000",
    });
    expect([ports, networks]).toEqual([undefined, ["glitchtip", "glitchtip-db", "glitchtip-proxy", "glitchtip-apps"]]);
    expect(compose.networks).toMatchObject({ "glitchtip-proxy": { external: true, name: "edge" } });
    expect(compose.services["glitchtip-proxy"]).toBeUndefined();
  });

  it.each([
    ["nginx", ["nginx.conf"]],
    ["none", ["nginx.conf", "site.caddy"]],
  ])("%s gets a snippet, and GlitchTip a port on loopback", async (proxy, snippets) => {
    const rendered = production(`, proxy: ${proxy}`);
    const paths = rendered.files.map(({ path }) => path).filter((path) => path.startsWith(".glitchtip/proxy/"));
    expect(paths).toEqual(snippets.map((name) => `.glitchtip/proxy/${name}`));
    expect(composeOf(rendered).services.glitchtip?.ports).toEqual(["127.0.0.1:${GLITCHTIP_PORT:-8000}:8000"]);
    for (const name of snippets) {
      await expect(textOf(rendered, `.glitchtip/proxy/${name}`)).toMatchFileSnapshot(`snapshots/${name}`);
    }
  });
});

describe("what an operator declares", () => {
  it.each([
    [
      "6",
      {
        GLITCHTIP_RETENTION_DAYS: "90",
        GLITCHTIP_TRANSACTION_RETENTION_DAYS: "30",
        GLITCHTIP_UPTIME_RETENTION_DAYS: "10",
        GLITCHTIP_FILE_RETENTION_DAYS: "180",
        GLITCHTIP_LOG_RETENTION_DAYS: "7",
        GLITCHTIP_RELEASE_RETENTION_DAYS: "365",
      },
      "transactions: 30d, uptime: 10d, files: 180d, logs: 7d, releases: 365d",
    ],
    [
      "5.2.1",
      {
        GLITCHTIP_MAX_EVENT_LIFE_DAYS: "90",
        GLITCHTIP_MAX_TRANSACTION_EVENT_LIFE_DAYS: "30",
        GLITCHTIP_MAX_UPTIME_CHECK_LIFE_DAYS: "10",
      },
      "transactions: 30d, uptime: 10d",
    ],
  ])("of retention becomes the variables of generation %s", (tag, variables, kinds) => {
    const lines = `server: { image: 'glitchtip/glitchtip:${tag}', retention: { events: 90d, ${kinds} } }`;
    expect(web(lines)?.environment).toMatchObject(variables);
  });

  it("of mail reaches each container of GlitchTip as a secret file", () => {
    const compose = composeOf(stack("mail: { url: 'file:./mail-url', from: 'Shop <errors@shop.example>' }"));
    for (const name of ["glitchtip", "glitchtip-init"]) {
      expect(compose.services[name], name).toMatchObject({
        environment: {
          EMAIL_URL_FILE: "/run/secrets/glitchtip_email_url/value",
          DEFAULT_FROM_EMAIL: "Shop <errors@shop.example>",
        },
      });
      expect(secretsOf(compose.services[name]), name).toContain("glitchtip_email_url");
    }
    expect(compose.secrets).toMatchObject({ glitchtip_email_url: { file: "./mail-url" } });
  });

  it("of limits applies with and without production", () => {
    const limits = "limits: { web: { memory: 2g, cpus: 1.5 }, database: { memory: 1g } }";
    expect(web(limits)).toMatchObject({ mem_limit: "2g", cpus: 1.5 });
    expect(composeOf(stack(limits)).services["glitchtip-db"]).toMatchObject({ mem_limit: "1g" });
    expect(web("")).not.toHaveProperty("cpus");
  });
});

describe("the lock", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const images = [{ service: "glitchtip-db", image: "registry.example.com:5000/postgres:18", digest }];

  it("is a Compose file by its name, and is parsed as it was written", () => {
    expect(LOCK_FILE).toMatch(/(^|\/)compose[^/]*\.ya?ml$/);
    expect([...parseLock(lockText(images))]).toEqual([["registry.example.com:5000/postgres:18", digest]]);
  });

  it("adds each digest to its own image only", () => {
    const lock = new Map([
      ["postgres:18", digest],
      ["glitchtip/glitchtip:7", digest],
    ]);
    const { services } = composeOf(renderedStack(declarationWith("apps: { api: { project: shop } }"), COMPOSE, lock));
    expect(services["glitchtip-db"]?.image).toBe(`\${GLITCHTIP_POSTGRES_IMAGE:-postgres:18@${digest}}`);
    expect(services.glitchtip?.image).toBe("${GLITCHTIP_IMAGE:-glitchtip/glitchtip:6}");
  });

  it("is parsed as bots and people edit it, without images that have no digest", () => {
    const text = `services:\n  a: \n    image: "one:1@${digest}" # raised\n  b:\n    image: two:2\n  c:\n    image: 'three@sha256:short'\n`;
    expect([...parseLock(text)]).toEqual([["one:1", digest]]);
  });
});

describe("the databases", () => {
  it("start Postgres with the declared settings, and with its own command where there are none", () => {
    const { services } = composeOf(stack("postgres: { shared_buffers: 256MB, max_connections: 50 }"));
    expect(services["glitchtip-db"]?.command).toEqual([
      "postgres",
      ...["-c", "shared_buffers=256MB", "-c", "max_connections=50"],
    ]);
    expect(composeOf(stack("")).services["glitchtip-db"]).not.toHaveProperty("command");
  });

  it.each([
    ["v4.1.5", "Connection: close"],
    ["v5.1.1", "Connection: close"],
    ["5.2.1", "Connection: close"],
    ["6", undefined],
  ])("of %s say that uWSGI closes each connection, or a proxy in front answers 502", (tag, header) => {
    const web = composeOf(stack(`server: { image: 'glitchtip/glitchtip:${tag}' }`)).services.glitchtip;
    expect(new Map(Object.entries(web?.environment ?? {})).get("UWSGI_ADD_HEADER")).toBe(header);
    const script = readFileSync(new URL("../../../images/all-in-one/services/web/run", import.meta.url), "utf8");
    expect(script).toContain("export UWSGI_ADD_HEADER='Connection: close'\n");
  });

  it("include a Valkey whose queue is on disk for a 5.2, and no restart of the worker with the database", () => {
    const { services, volumes } = composeOf(stack("server: { image: 'glitchtip/glitchtip:5.2' }"));
    expect(services["glitchtip-valkey"]).toMatchObject({
      command: expect.arrayContaining(["--appendonly", "yes"]),
      volumes: ["glitchtip-valkey:/data"],
    });
    expect(volumes).toHaveProperty("glitchtip-valkey");
    expect(services["glitchtip-worker"]?.depends_on).not.toHaveProperty("glitchtip-db");
    const off = composeOf(stack("server: { image: 'glitchtip/glitchtip:5.2', valkey: off }"));
    expect(off.services).not.toHaveProperty("glitchtip-valkey");
    expect(off.services["glitchtip-worker"]?.depends_on).toMatchObject({
      "glitchtip-db": { condition: "service_healthy", required: false, restart: true },
    });
  });

  it.each([
    ["", "64mb"],
    ["limits: { valkey: { memory: 1g } }", "512mb"],
    ["limits: { valkey: { memory: 100m } }\nproduction: { domain: errors.example.com }", "50mb"],
  ])("bound Valkey below its container's limit, so that it refuses instead of being killed (%s)", (lines, bound) => {
    const { command } = composeOf(stack(`${lines}\nserver: { valkey: bundled }`)).services["glitchtip-valkey"] ?? {};
    expect((command as string[]).slice(-4)).toEqual(["--maxmemory", bound, "--maxmemory-policy", "noeviction"]);
    expect((command as string[])[0]).toBe("valkey-server");
  });

  it("include a Valkey that is durable in production only", () => {
    const kept = composeOf(stack("production: { domain: errors.example.com }\nserver: { valkey: bundled }"));
    expect(kept.services["glitchtip-valkey"]).toMatchObject({
      command: expect.arrayContaining(["--appendonly", "yes"]),
      volumes: ["glitchtip-valkey:/data"],
      tmpfs: ["/tmp"],
    });
    expect(kept.volumes).toHaveProperty("glitchtip-valkey");
    const forgets = composeOf(stack("server: { valkey: bundled }"));
    expect(forgets.services["glitchtip-valkey"]).toMatchObject({ tmpfs: ["/tmp", "/data"] });
    expect(forgets.volumes).not.toHaveProperty("glitchtip-valkey");
    const without = composeOf(stack("production: { domain: errors.example.com }"));
    expect(without.volumes).not.toHaveProperty("glitchtip-valkey");
  });
});
