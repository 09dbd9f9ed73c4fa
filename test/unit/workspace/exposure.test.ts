import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readUserCompose } from "../../../src/compose/read.ts";
import { correctedBy } from "../../../src/compose/resolved.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { exposureRemedy, exposures, exposureText, exposureWarning } from "../../../src/workspace/exposure.ts";
import { declarationWith } from "../../support/stack.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const DECLARATION = declarationWith("apps: { api: { project: shop } }");

/** Returns what is said of the service `api` in the folder `app` of a repository with these ignore files. */
function found(service: string, files: Readonly<Record<string, string>> = {}, declaration = DECLARATION): string[] {
  using folder = new TemporaryFolder();
  // As an earlier version made them.
  mkdirSync(join(folder.path, "app/backups/glitchtip-20261121-031500Z"), { recursive: true });
  for (const [path, text] of Object.entries(files)) folder.write(path, text);
  const dir = join(folder.path, "app");
  const user = readUserCompose([{ path: "compose.yaml", text: `services:\n  api: ${service}\n` }]);
  return exposures({ dir, user, declaration: loadDeclaration(declaration, "glitchtip.yaml") }).map((one) =>
    `${exposureText(one)} | ${exposureRemedy(one)}`.replaceAll(folder.path, "/repo"),
  );
}

describe("what gets the backups and our folder", () => {
  it.each([
    ["a build context", "{ build: . }", 'the build context "."', ".dockerignore: .glitchtip, backups"],
    [
      "a build context with a name",
      "{ build: { context: ./ } }",
      'the build context "."',
      ".dockerignore: .glitchtip, backups",
    ],
    [
      "a build without a context",
      "{ build: { dockerfile_inline: FROM x } }",
      'the build context "."',
      ".dockerignore: .glitchtip, backups",
    ],
    [
      "a parent folder",
      "{ build: .. }",
      'the build context "/repo"',
      "/repo/.dockerignore: app/.glitchtip, app/backups",
    ],
    [
      "an additional context",
      "{ build: { context: ./src, additional_contexts: { root: .. } } }",
      'the additional context "/repo"',
      "/repo/.dockerignore: app/.glitchtip, app/backups",
    ],
    [
      "an additional context in a list",
      "{ build: { context: ./src, additional_contexts: [root=.] } }",
      'the additional context "."',
      ".dockerignore: .glitchtip, backups",
    ],
    [
      "a bind mount",
      "{ volumes: ['.:/app'] }",
      'the bind mount "."',
      "its volumes, which hides them: - /app/.glitchtip, - /app/backups",
    ],
    [
      "a long bind mount of a parent",
      "{ volumes: [{ type: bind, source: .., target: /src, read_only: true }] }",
      'the bind mount "/repo"',
      "its volumes, which hides them: - /src/app/.glitchtip, - /src/app/backups",
    ],
    [
      "a watched folder",
      "{ develop: { watch: [{ action: sync, path: ., target: /app }] } }",
      'the watched folder "."',
      "the watch's ignore: .glitchtip, backups",
    ],
  ])("%s does", (_, service, what, lines) => {
    const [first, ...more] = found(service);
    expect(more).toEqual([]);
    expect(first).toMatch(/^api gets \.glitchtip and backups with /);
    expect(first).toContain(`with ${what} | Add to ${lines};`);
  });

  it("names one folder where the other is ignored", () => {
    expect(found("{ build: . }", { "app/.dockerignore": "node_modules\n.glitchtip\n" })[0]).toMatch(
      /^api gets backups with the build context "\." \| Add to \.dockerignore: backups;/,
    );
    expect(found("{ volumes: ['.:/app', /app/backups] }")[0]).toMatch(
      /^api gets \.glitchtip with .* - \/app\/\.glitchtip\.$/,
    );
  });

  it("reads the ignore file of the Dockerfile first", () => {
    const dockerfile = "{ build: { context: ., dockerfile: docker/api } }";
    const files = { "app/.dockerignore": "*\n", "app/docker/api.dockerignore": "backups\n" };
    expect(found(dockerfile, files)[0]).toMatch(/Add to docker\/api\.dockerignore: \.glitchtip\.$/);
  });

  it("is our folder alone where backups are kept at the default place", () => {
    using folder = new TemporaryFolder();
    const user = readUserCompose([{ path: "compose.yaml", text: "services:\n  api: { build: . }\n" }]);
    const declaration = loadDeclaration(DECLARATION, "glitchtip.yaml");
    const all = exposures({ dir: folder.path, user, declaration });
    expect(all.map(({ folders, lines }) => [folders, lines])).toEqual([[[".glitchtip"], [".glitchtip"]]]);
  });

  it("takes a folder of backups that is declared", () => {
    const declared = (folder: string) => `${DECLARATION}\nbackup: { folder: ${folder} }\n`;
    expect(found("{ build: .. }", {}, declared("kept/saved"))[0]).toMatch(/^api gets \.glitchtip and kept\/saved with/);
    const ignored = { "app/.dockerignore": ".glitchtip" };
    expect(found("{ build: . }", ignored, declared("/srv/backups/shop"))).toEqual([]);
  });

  it.each([
    ["everything is ignored but the sources", "{ build: . }", "**\n!src\n"],
    ["both are ignored, with a slash", "{ build: . }", "/.glitchtip/\n/backups/\n"],
    ["hidden files and backups are", "{ build: . }", ".*\nbackups*\n"],
    ["the context is beside them", "{ build: ./src }", ""],
    ["the context is an address", "{ build: 'https://example.com/repo.git' }", ""],
    ["only a file is mounted", "{ volumes: ['./config.yaml:/config.yaml'] }", ""],
    ["the backups are mounted on purpose", "{ volumes: ['./backups:/backups:ro'] }", ""],
    ["volumes hide them", "{ volumes: ['.:/app', /app/.glitchtip, 'saved:/app/backups'] }", ""],
    ["a change makes the image anew", "{ develop: { watch: [{ action: rebuild, path: . }] } }", ""],
    [
      "the watch ignores them",
      "{ develop: { watch: [{ action: sync, path: ., target: /a, ignore: [.glitchtip, backups] }] } }",
      "",
    ],
    [
      "the context ignores them, which counts for its watch",
      "{ build: ., develop: { watch: [{ action: sync+restart, path: ., target: /a }] } }",
      ".glitchtip\nbackups\n",
    ],
  ])("nothing does where %s", (_, service, ignore) => {
    expect(found(service, ignore === "" ? {} : { "app/.dockerignore": ignore })).toEqual([]);
  });

  it("are found in what Compose prints, too", () => {
    using folder = new TemporaryFolder();
    const read = readUserCompose([{ path: "compose.yaml", text: "services:\n  api: { image: x }\n" }]);
    const service = {
      build: { context: folder.path, dockerfile: "Dockerfile" },
      volumes: [{ type: "bind", source: folder.path, target: "/app", bind: { create_host_path: true } }],
      develop: { watch: [{ action: "sync", path: folder.path, target: "/app" }] },
    };
    const user = correctedBy({ services: { api: service } }, read, {});
    const declaration = loadDeclaration(DECLARATION, "glitchtip.yaml");
    expect(exposures({ dir: folder.path, user, declaration }).map(({ what }) => what)).toEqual([
      'the build context "."',
      'the bind mount "."',
      'the watched folder "."',
    ]);
  });
});

it("the warning says why it matters, and whose file it is", () => {
  using folder = new TemporaryFolder();
  const warnings = (service: string) => {
    const user = readUserCompose([{ path: "compose.yaml", text: `services:\n  web: ${service}\n` }]);
    const declaration = loadDeclaration(DECLARATION, "glitchtip.yaml");
    return exposures({ dir: folder.path, user, declaration }).map(exposureWarning);
  };
  expect(warnings("{ build: . }")).toEqual([
    'web gets .glitchtip with the build context ".": an image that is built from it contains the generated programs, ' +
      "which change at each upgrade and so invalidate the build cache. Add to .dockerignore: .glitchtip. " +
      "The file is yours: create it if it is not there.",
  ]);
  expect(warnings("{ volumes: ['.:/app'] }")).toEqual([
    expect.stringMatching(
      /: its container can read the generated programs, and change them unless the mount is read-only\. .* optional until `check --production`\. Add to its volumes.*\.glitchtip\.$/,
    ),
  ]);
});
