import { join } from "node:path";
import { expect, it } from "vitest";
import { readPlanFile, writePlanFile } from "../../../src/management/index.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

const OPTIONS = { file: "glitchtip.yaml" };

it("a plan replaces an older plan or an empty file, and no file of another kind", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "plan.json");
  for (const text of ["", '{"version": 0, "salt": "x", "actions": []}\n']) {
    folder.write("plan.json", text);
    writePlanFile(path, [], OPTIONS);
    expect(readPlanFile(path)).toMatchObject({ actions: [] });
  }
  for (const text of ["services: {}\n", '{"name": "shop"}\n']) {
    folder.write("plan.json", text);
    expect(await refusal((async () => writePlanFile(path, [], OPTIONS))())).toMatchObject({ code: "GC1001" });
    expect(folder.read("plan.json")).toBe(text);
  }
});
