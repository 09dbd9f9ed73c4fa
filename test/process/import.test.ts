import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execPath } from "node:process";
import { describe, expect, it } from "vitest";
import { CLI, type CliFolders, cliFolders } from "../support/cli-process.ts";

const INSTANCE = `$schema: /glitchtip/instance-1.yml
name: my-glitchtip
consoleUrl: https://glitchtip.example.com
automationUserEmail: {path: app-sre/glitchtip/my-glitchtip, field: email}
automationToken: {path: app-sre/glitchtip/my-glitchtip, field: token}
`;
const PROJECT = `$schema: /glitchtip/project-1.yml
name: my-service
projectId: my-service
organization: {name: my-org, instance: {name: my-glitchtip}}
alerts:
  - name: high-error-rate
    quantity: 100
    timespanMinutes: 60
    recipients: [{provider: email}, {provider: webhook, url: "https://hooks.example.com/alert"}]
`;
const STATE = JSON.stringify({
  version: 4,
  resources: [
    {
      mode: "managed",
      type: "glitchtip_project",
      name: "shop",
      instances: [
        {
          attributes: {
            organization: "acme",
            id: "7",
            name: "shop",
            slug: "shop",
            date_created: "2026-07-01T10:00:02Z",
          },
        },
      ],
    },
  ],
});

/** Beside the project's folder, as a checkout of app-interface lies there. */
function writeAppInterface({ project }: CliFolders): void {
  for (const [path, text] of Object.entries({ "instance-1.yml": INSTANCE, "project-1.yml": PROJECT })) {
    const file = join(project, "..", "app-interface", "data", "glitchtip", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function run({ project }: CliFolders, words: readonly string[], input = "") {
  const env = { PATH: process.env.PATH, HOME: project };
  const { status, stdout, stderr } = spawnSync(execPath, [CLI, "import", ...words], {
    cwd: project,
    env,
    input,
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

const declaration = ({ project }: CliFolders) => join(project, "glitchtip.yaml");

describe("import", () => {
  it("of app-interface writes the declaration, says on stdout what it wrote and on stderr what it left out", () => {
    using folders = cliFolders();
    writeAppInterface(folders);
    const words = ["app-interface", "../app-interface/data"];
    const { code, stdout, stderr } = run(folders, words);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "wrote glitchtip.yaml: 1 project of 1 organization\nnext: npx glitchtip-compose plan\n",
    });
    expect(stderr).toMatch(/^left out: glitchtip\/instance-1\.yml: automationUserEmail: is not needed/m);
    expect(stderr).toMatch(/^note: manage: alerts is what/m);
    const text = readFileSync(declaration(folders), "utf8");
    expect(text).toMatch(/^# Imported from app-interface data\. /);
    expect(text).toContain("token: vault:app-sre/glitchtip/my-glitchtip#token");
    expect(run(folders, words).stdout).toBe("glitchtip.yaml already contains all of it: 1 project of 1 organization\n");
    expect(readFileSync(declaration(folders), "utf8")).toBe(text);
  });

  it("--dry-run prints the declaration and writes nothing; with --json everything is one value", () => {
    using folders = cliFolders();
    writeAppInterface(folders);
    const words = ["app-interface", "../app-interface/data", "--dry-run"];
    const { stdout } = run(folders, words);
    expect(stdout).toMatch(/^# Imported from[\s\S]*\nmanage:\n {2}- alerts\n$/);
    const json = JSON.parse(run(folders, [...words, "--json"]).stdout);
    expect(json).toMatchObject({ file: "glitchtip.yaml", created: true, dryRun: true, projects: 1, text: stdout });
    expect(json.left).toEqual([{ where: "glitchtip/instance-1.yml: automationUserEmail", why: expect.any(String) }]);
    expect(existsSync(declaration(folders))).toBe(false);
  });

  it("takes a Terraform state from a pipe, and says what has to be set", () => {
    using folders = cliFolders();
    const { code, stderr } = run(folders, ["terraform", "-", "--url", "https://glitchtip.example.com"], STATE);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^to be set: env:GLITCHTIP_TOKEN = an API token/m);
    expect(readFileSync(declaration(folders), "utf8")).toContain("url: https://glitchtip.example.com");
  });

  it("keeps to itself in another file where it is told to", () => {
    using folders = cliFolders();
    writeFileSync(declaration(folders), "# mine\n");
    const words = ["terraform", "-", "--url", "https://glitchtip.example.com", "--file", "servers/prod.yaml"];
    expect(run(folders, words, STATE).code).toBe(0);
    expect(readFileSync(join(folders.project, "servers", "prod.yaml"), "utf8")).toContain("shop:");
    expect(readFileSync(declaration(folders), "utf8")).toBe("# mine\n");
  });

  it("ends with 1 and names the places where the declaration says something else", () => {
    using folders = cliFolders();
    const words = ["terraform", "-", "--url", "https://glitchtip.example.com"];
    run(folders, words, STATE);
    const text = readFileSync(declaration(folders), "utf8").replace("env:GLITCHTIP_TOKEN", "file:token");
    writeFileSync(declaration(folders), text);
    const refused = run(folders, words, STATE);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(
      /error GC1105: .*in one place; nothing was written\n {2}server\.token\n {2}→ Decide which side wins/,
    );
    expect(run(folders, [...words, "--prefer", "mine"], STATE).stdout).toMatch(/^kept yours: server\.token\n/);
    expect(readFileSync(declaration(folders), "utf8")).toBe(text);
    expect(run(folders, [...words, "--prefer", "imported"], STATE).stdout).toMatch(/^replaced server\.token\n/);
    expect(readFileSync(declaration(folders), "utf8")).toContain("env:GLITCHTIP_TOKEN");
  });

  it.each([
    [["terrafrom", "x"], 2, 'error GC1001: <kind> cannot be terrafrom; did you mean "terraform"?'],
    [["terraform", "none.json"], 2, "error GC1102:"],
    [["app-interface", "none"], 2, "error GC1102:"],
    [["terraform", "x", "--prefer", "yours"], 2, "error GC1001: --prefer cannot be yours"],
    [["terraform"], 2, "error GC1001: missing required argument 'path'"],
  ])("%j ends with %i", (words, code, said) => {
    using folders = cliFolders();
    const ended = run(folders, words);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(said);
    expect(existsSync(declaration(folders))).toBe(false);
  });
});
