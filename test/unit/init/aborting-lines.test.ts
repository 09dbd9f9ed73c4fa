import { describe, expect, it } from "vitest";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run, SERVICE } from "./initiating.ts";

describe("init where CI lets Compose stop at the end of a container", () => {
  it.each([
    [".github/workflows/test.yml", "jobs:\n  t:\n    - run: docker compose up --exit-code-from tests\n", 3, "tests"],
    ["Makefile", "test:\n\tdocker-compose up \\\n\t  --exit-code-from=e2e.web --build\n", 3, "e2e.web"],
    ["package.json", '{"scripts": {"test": "docker compose up --abort-on-container-exit api"}}', 1, "SERVICE"],
    ["scripts/ci.sh", "docker compose up --abort-on-container-exit\n", 1, "SERVICE"],
  ])("names the line of %s and what to type instead", async (path, text, line, service) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    folder.write(path, text);
    const warnings: string[] = [];
    await run(folder, { apps: { api: "shop" } }, { warnings });
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${path}:${line}: --.* run --rm ${service} `))]);
  });

  it("says nothing of other lines", async () => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", SERVICE);
    folder.write("Makefile", "test:\n\tdocker compose run --rm tests\n");
    const warnings: string[] = [];
    await run(folder, { apps: { api: "shop" } }, { warnings });
    expect(warnings).toEqual([]);
  });
});
