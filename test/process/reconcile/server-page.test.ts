import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SHOP, startServerProject } from "../../support/server-project.ts";

const page = readFileSync(new URL("../../../docs/server.md", import.meta.url), "utf8");
const all = [...page.matchAll(/^npx glitchtip-compose (.*?)(?: +#.*)?$/gm)].map(([, words = ""]) => words);
const ofNewServer = all.filter((words) => words.includes("--url"));
const commands = all.filter((words) => !ofNewServer.includes(words));

/** How each ends in the folder below; what asks has nobody to ask. */
const CODES: Readonly<Record<string, number>> = {
  plan: 3,
  apply: 2,
  pull: 0,
  "plan --out next.plan": 0,
  "apply --plan next.plan": 0,
  "apply --yes --confirm old-shop": 0,
  "pull --all": 0,
  "pull --kind monitors --dry-run": 0,
  "alert test high-error-rate --project shop-api": 0,
};

describe("docs/server.md", () => {
  it("shows commands that do what is said of them, one after the other", async () => {
    await using project = await startServerProject();
    project.declare(SHOP.replace("name: errors", "name: high-error-rate"));
    await project.run("apply", "--yes");
    project.declare(SHOP.replace("quantity: 10", "quantity: 11").replace("name: errors", "name: high-error-rate"));
    expect(commands).toEqual(Object.keys(CODES));
    for (const words of commands) {
      const { code, stderr } = await project.run(...words.split(" "));
      expect({ words, code, stderr }).toMatchObject({ words, code: CODES[words] });
    }
  }, 60_000);

  it("shows how a server that nobody has declared becomes a declaration", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    await project.run("apply", "--yes");
    rmSync(join(project.folders.project, "glitchtip.yaml"));
    project.write("glitchtip.token", project.read("token"));
    project.folders.env.GLITCHTIP_TOKEN = project.read("token");
    const run = (words: string) =>
      project.run(...words.replace("https://errors.example.com", project.emulator.url).split(" "));
    expect(ofNewServer).toHaveLength(2);
    const [writes = "", prints = ""] = ofNewServer;
    expect(await run(prints)).toMatchObject({ code: 3, stdout: expect.stringContaining("manage:\n  - alerts\n") });
    expect(await run(writes)).toMatchObject({ code: 0 });
    expect(await project.run("plan")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
  }, 60_000);
});
