import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import { type InitOptions, initWorkspace } from "../../../src/init/init.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const log = { info() {}, step() {}, debug() {}, warn() {} };
const run = (folder: TemporaryFolder, options: InitOptions) =>
  initWorkspace({ dir: folder.path, log, env: {}, assets: testAssets() }, options);
const declared = (folder: TemporaryFolder) => loadDeclaration(folder.files()["glitchtip.yaml"] ?? "", "glitchtip.yaml");
const refused = (folder: TemporaryFolder, options: InitOptions) => refusal(run(folder, options));

const SIZE = { eventsPerDay: 50_000, retentionDays: 30 };
const SIZED = {
  limits: { web: { memory: "512m" }, worker: { memory: "512m" }, database: { memory: "1024m" } },
  postgres: { shared_buffers: "256MB", work_mem: "8MB", max_wal_size: "2GB" },
};

describe("init --size", () => {
  it("writes the size into a new declaration", async () => {
    using folder = new TemporaryFolder();
    await run(folder, { size: SIZE });
    expect(declared(folder)).toMatchObject({ ...SIZED, server: { topology: "split", retention: { events: "30d" } } });
    expect(folder.files()["compose.override.yaml"]).toContain("shared_buffers=256MB");
  });

  it("adds the size to an existing declaration, keeps its comments, and changes nothing a second time", async () => {
    using folder = new TemporaryFolder();
    await run(folder, {});
    await run(folder, { size: SIZE });
    expect(declared(folder)).toMatchObject({ ...SIZED, server: { topology: "split", retention: { events: "30d" } } });
    const text = folder.files()["glitchtip.yaml"];
    expect(text).toContain("# The superuser.");
    expect(await run(folder, { size: SIZE })).toMatchObject({ nothingToChange: true });
    expect(folder.files()["glitchtip.yaml"]).toBe(text);
  });

  it("names each key of a declaration that contradicts the size, and writes nothing", async () => {
    using folder = new TemporaryFolder();
    await run(folder, { size: SIZE });
    const before = folder.files();
    const { code, problems } = await refused(folder, { size: { eventsPerDay: 1_000_000, retentionDays: 90 } });
    expect(code).toBe("GC1001");
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(["server.retention.events", "limits", "postgres"]);
    expect(folder.files()).toEqual(before);
  });

  it("keeps a stated topology, and one that the generation supports", async () => {
    using stated = new TemporaryFolder();
    await run(stated, { size: { eventsPerDay: 1_000, retentionDays: 90 }, topology: "single-container" });
    expect(declared(stated)).toMatchObject({ limits: { web: { memory: "1536m" } } });
    expect(declared(stated).postgres).toBeUndefined();
    using old = new TemporaryFolder();
    await run(old, { size: { eventsPerDay: 1_000, retentionDays: 90 }, image: "glitchtip/glitchtip:5.2.1" });
    expect(declared(old).server.topology).toBe("split");
  });

  it("is refused for an existing server", async () => {
    using folder = new TemporaryFolder();
    const existing = { serverUrl: "https://errors.example.com", token: "env:TOKEN" };
    expect(await refused(folder, { size: SIZE, ...existing })).toMatchObject({ code: "GC1001" });
    expect(folder.files()).toEqual({});
  });
});
