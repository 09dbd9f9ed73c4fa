import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { maskFor } from "../../../src/checks/mask.ts";
import { supportBundle } from "../../../src/checks/support-bundle.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { CanarySearch } from "../../support/canaries.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const SETUP = "glitchtip-setup";

/** Returns a bundle of a stack whose declaration, variables, volumes and logs are full of secrets, and the secrets. */
async function bundleOf(folder: TemporaryFolder, moreLines: readonly string[] = []) {
  const secret = () => randomBytes(24).toString("base64url");
  const words = `${secret()}:/?#@ ${secret()}`;
  const [mail, database, admin, variable, key, hook] = [words, secret(), secret(), secret(), randomBytes(16), secret()];
  const mailUrl = `smtp+tls://shop:${encodeURIComponent(mail)}@mail.example:587`;
  const secrets = { mail, database, admin, variable, key: key.toString("hex"), hook };
  const search = new CanarySearch();
  for (const [name, value] of Object.entries(secrets)) search.add({ name, value });

  folder.write("compose.yaml", "services:\n  api: { image: a, entrypoint: [node], command: [x] }\n");
  folder.write("mail-url", `${mailUrl}\n`);
  const options = { apps: { api: "shop" }, emailUrl: "file:./mail-url" };
  await initWorkspace({ dir: folder.path, log: silentLog, env: {}, assets: testAssets() }, options);
  const declaration = folder.read("glitchtip.yaml");
  const alerts = `alerts: [{name: a, recipients: [{type: discord, url: "https://hooks.example/services/${hook}"}]}]`;
  folder.write("glitchtip.yaml", declaration.replace("team: developers", `team: developers, ${alerts}`));
  const lines = [
    ...moreLines,
    `connecting to ${mailUrl}`,
    `password authentication failed for "${database}"`,
    `Authorization: Bearer ${variable}`,
    `env: ${JSON.stringify({ API_TOKEN: variable, b64: Buffer.from(database).toString("base64") })}`,
    `http://${key.toString("hex")}@localhost:8000/1 and ${admin} of admin@example.com`,
    `mail said no to ${mail}`,
  ];
  const docker = fakeDocker({
    config: {
      services: {
        glitchtip: { image: "glitchtip/glitchtip:6", environment: { SECRET_KEY: variable } },
        api: { image: "a", environment: { SENTRY_DSN: `http://${key.toString("hex")}@glitchtip:8000/1` } },
        [SETUP]: {},
      },
    },
    containers: [
      container("glitchtip", { healthOutput: [`failed with ${database}`] as never }),
      container(SETUP, { state: "exited", startError: `could not mount ${variable}` as never }),
    ],
    files: {
      [`id-${SETUP}:/run/secrets/glitchtip_db_password/value`]: database,
      [`id-${SETUP}:/run/secrets/glitchtip_admin_password/value`]: admin,
    },
    cli: async (_, { onStdoutLine } = {}) => {
      for (const line of lines) onStdoutLine?.(`glitchtip-1  | 2026-11-21T08:00:00.123456789Z ${line}`);
      return answers();
    },
  });
  const text = await supportBundle(
    {
      docker,
      env: {},
      signal: new AbortController().signal,
      dir: folder.path,
      toolVersion: "1.2.3",
    },
    [{ check: "engine", level: "ok", what: `runs with ${variable}` }],
  );
  return { text, search, lines };
}

describe("a support bundle", () => {
  it("has versions, findings, declaration, services, states and logs, and no secret in any form", async () => {
    using folder = new TemporaryFolder();
    const { text, search, lines } = await bundleOf(folder);
    expect(search.find(lines.join("\n"))).not.toEqual([]);
    expect(search.find(text)).toEqual([]);
    expect(text).not.toContain("admin@example.com");
    const bundle = JSON.parse(text);
    expect(bundle).toMatchObject({
      versions: { tool: "1.2.3", engine: { version: "28.5.2" }, compose: "2.40.3" },
      findings: [{ check: "engine" }],
      declaration: {
        version: 1,
        mail: { url: "file:./mail-url" },
        projects: { shop: { alerts: [{ recipients: [{ url: "https://hooks.example/[masked]" }] }] } },
      },
      services: { glitchtip: { image: "glitchtip/glitchtip:6", variables: ["SECRET_KEY"] } },
      containers: [{ service: "glitchtip", name: "shop-glitchtip-1", state: "running" }, { service: SETUP }],
    });
    expect(bundle.logs.glitchtip).toHaveLength(lines.length);
    expect(bundle.logs.api).toBeUndefined();
    expect(bundle.logs.glitchtip[0]).toMatch(/^2026-11-21T08:00:00\.123456789Z connecting to /);
  });

  it("has at most 5 MB, the newest lines of the logs among them", async () => {
    using folder = new TemporaryFolder();
    const long = Array.from({ length: 20_000 }, (_, at) => `line ${at} ${"word ".repeat(200)}`);
    const { text, lines } = await bundleOf(folder, long);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(5_000_000);
    const { logs } = JSON.parse(text);
    expect(logs.glitchtip.length).toBeGreaterThan(500);
    expect(logs.glitchtip.length).toBeLessThan(lines.length);
    expect(logs.glitchtip.at(-1)).toContain("mail said no to [masked]");
  });
});

describe("what is masked", () => {
  const mask = maskFor(["s3cret!", "short"]);
  it.each([
    ["the s3cret! word", "the [masked] word"],
    ["a short word stays", "a short word stays"],
    ["postgres://u:p@db/x", "postgres://[masked]@db/x"],
    ["password=abc next", "password=[masked] next"],
    [
      "shop-glitchtip-migrate-1 of glitchtip-20261121-031500Z",
      "shop-glitchtip-migrate-1 of glitchtip-20261121-031500Z",
    ],
    [`a@sha256:${"0a".repeat(32)}`, `a@sha256:${"0a".repeat(32)}`],
    ["0123456789abcdef0123456789abcdef", "[masked]"],
  ])("%s", (text, masked) => {
    expect(mask(text)).toBe(masked);
  });
});
