import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { candidatesFor, folderIn, typedWords } from "../../../src/cli/completion/candidates.ts";
import { optionTable } from "../../../src/cli/completion/option-table.ts";
import { COMMANDS } from "../../../src/cli/registry/index.ts";
import { workspaceNames } from "../../../src/config/workspace-names.ts";

const DECLARATION = `version: 1
projects: {Shop API: {alerts: [{name: down}]}, jobs: }
apps: {api: {project: Shop API}, worker: {project: jobs}}
servers: {prod: {}, staging: {}}
`;

function withWorkspace<T>(use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-compose-completion-"));
  try {
    writeFileSync(join(dir, "glitchtip.yaml"), DECLARATION);
    writeFileSync(join(dir, "compose.yaml"), "services: {api: {image: a}, worker: {image: b}, db: {image: c}}\n");
    for (const name of ["glitchtip-20261121-031500Z", "glitchtip-20261122-031500Z", "other"]) {
      mkdirSync(join(dir, "backups", name), { recursive: true });
    }
    return use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const NAMES = withWorkspace((dir) => {
  const names = workspaceNames(dir);
  const all = {
    services: names.services(),
    apps: names.apps(),
    projects: names.projects(),
    servers: names.servers(),
    alerts: names.alerts(),
    backups: names.backups(),
  };
  return Object.fromEntries(Object.entries(all).map(([kind, list]) => [kind, () => list])) as unknown as ReturnType<
    typeof workspaceNames
  >;
});

const TABLE = await optionTable();

const complete = (line: string) => candidatesFor(typedWords(line).slice(1), NAMES, TABLE).map(({ word }) => word);

describe("completion", () => {
  it.each([
    ["glitchtip-compose ver", ["verify"]],
    ["glitchtip-compose help veri", ["verify"]],
    ["glitchtip-compose --js", ["--json"]],
    ["glitchtip-compose verify ", ["api", "worker"]],
    ["glitchtip-compose verify api ", ["worker"]],
    ["glitchtip-compose -C ../shop verify a", ["api"]],
    ["glitchtip-compose -C ", []],
    ["glitchtip-compose add ", ["api", "worker", "db"]],
    ["glitchtip-compose add db --project ", ["Shop API", "jobs"]],
    ["glitchtip-compose add db --project=j", ["--project=jobs"]],
    ["glitchtip-compose init --app a", ["api="]],
    ["glitchtip-compose init --no-a", ["--no-apps"]],
    ["glitchtip-compose plan --instance p", ["prod"]],
    ["glitchtip-compose logs w", ["web", "worker"]],
    ["glitchtip-compose restore ", ["latest", "glitchtip-20261122-031500Z", "glitchtip-20261121-031500Z"]],
    ["glitchtip-compose backup ver", ["verify"]],
    ["glitchtip-compose backup verify la", ["latest"]],
    ["glitchtip-compose alert test ", ["down"]],
    ["glitchtip-compose user pass", ["password"]],
    ["glitchtip-compose completion f", ["fish"]],
    ["glitchtip-compose psql ", []],
    ["glitchtip-compose valkey-cli ", []],
    ["glitchtip-compose nonsense ", []],
    ["glitchtip-compose add 'a", ["api"]],
  ])("%s", (line, words) => {
    expect(complete(line)).toEqual(words);
  });

  it("offers every command with its summary, and the options of each", () => {
    expect(candidatesFor([""], NAMES, TABLE)).toEqual(
      COMMANDS.map(({ name, summary }) => ({ word: name, description: summary })),
    );
    for (const { name, passThrough } of COMMANDS) {
      expect(complete(`glitchtip-compose ${name} --`), name).toContain("--json");
      if (passThrough === undefined) expect(complete(`glitchtip-compose ${name} --js`), name).toEqual(["--json"]);
    }
  });

  it("reads nothing from files that are broken or absent", () => {
    const dir = mkdtempSync(join(tmpdir(), "glitchtip-compose-completion-"));
    try {
      writeFileSync(join(dir, "glitchtip.yaml"), "apps: [\nprojects: {");
      writeFileSync(join(dir, ".env"), "COMPOSE_FILE=nowhere.yaml:glitchtip.yaml\n");
      const names = workspaceNames(dir);
      for (const list of Object.values(names)) expect(list()).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("splits what has been typed as a shell does", () => {
    expect(typedWords('a  b\\ c \'d e\' "f \\" g" ')).toEqual(["a", "b c", "d e", 'f " g', ""]);
    expect(typedWords("a 'open quo")).toEqual(["a", "open quo"]);
    expect(folderIn(["-C", "../shop", "up"])).toBe("../shop");
  });
});
