import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { mermaidOf, stackGraph } from "../../../src/checks/graph.ts";
import { svgOf } from "../../../src/checks/graph-svg.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { readWorkspace } from "../../../src/workspace/workspace.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

async function graphIn(folder: TemporaryFolder, services: number, env: Record<string, string> = {}) {
  const lines = Array.from(
    { length: services },
    (_, at) =>
      `  api${at}: { image: a, entrypoint: [node], command: [x], ports: ["127.0.0.1:${3000 + at}:3000"], networks: [inside] }`,
  );
  folder.write("compose.yaml", `services:\n${lines.join("\n")}\nnetworks: { inside: }\n`);
  const apps = Object.fromEntries(lines.map((_, at) => [`api${at}`, "shop"]));
  await initWorkspace({ dir: folder.path, log: silentLog, env, assets: testAssets() }, { apps });
  return stackGraph(readWorkspace(folder.path, env), testAssets());
}

describe("the graph of a stack", () => {
  it("says which networks, volumes, ports and secrets each service has", async () => {
    using folder = new TemporaryFolder();
    const graph = await graphIn(folder, 1, { GLITCHTIP_PORT: "8123" });
    expect(graph.api0).toMatchObject({ ports: ["127.0.0.1:3000:3000"], secrets: [] });
    expect(graph.api0?.networks).toEqual(expect.arrayContaining(["inside"]));
    expect(graph.api0?.networks.length).toBeGreaterThan(1);
    expect(graph.api0?.volumes).toHaveLength(1);
    expect(graph.glitchtip?.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:8123:/)]);
    const holders = Object.keys(graph).filter((name) => graph[name]?.secrets.includes("glitchtip-db-password"));
    expect(holders).toEqual(expect.arrayContaining(["glitchtip", "glitchtip-db"]));
    expect(holders).not.toContain("api0");
  });

  it("is a Mermaid flowchart in which every line's ends are declared", async () => {
    using folder = new TemporaryFolder();
    const [first, ...lines] = mermaidOf(await graphIn(folder, 2)).split("\n");
    expect(first).toBe("flowchart LR");
    const declared = new Set(lines.flatMap((line) => /^ {2}([a-z]+\d+)[[({]/.exec(line)?.[1] ?? []));
    const ends = lines.flatMap((line) => /^ {2}(\w+) (?:-->|---|-\.->) (\w+)$/.exec(line)?.slice(1) ?? []);
    expect(ends.length).toBeGreaterThan(10);
    expect(ends.filter((end) => !declared.has(end))).toEqual([]);
    expect(lines.filter((line) => !/^ {2}\w+(?:[[({]{1,2}".*"[\])}]{1,2}$| \S+ \w+$)/.test(line))).toEqual([]);
  });

  it("is a well-formed SVG with a row for each service, and a dot for each network, volume and secret that it has", async () => {
    using folder = new TemporaryFolder();
    const graph = await graphIn(folder, 2);
    const svg = svgOf(graph);
    const open: string[] = [];
    for (const [, end, name = "", closed] of svg.matchAll(/<(\/?)([a-z]+)(?: [a-z0-9-]+="[^"<>]*")*(\/?)>/gi)) {
      if (end) expect(open.pop()).toBe(name);
      else if (!closed) open.push(name);
    }
    expect(open).toEqual([]);
    expect(svg.replace(/<(\/?)([a-z]+)(?: [a-z0-9-]+="[^"<>]*")*(\/?)>/gi, "")).not.toMatch(/[<>]/);
    for (const [name, { ports }] of Object.entries(graph)) {
      for (const shown of [name, ...ports]) expect(svg).toContain(shown);
    }
    const has = Object.values(graph).map(({ networks, volumes, secrets }) => [...networks, ...volumes, ...secrets]);
    const legend = 4;
    expect(svg.match(/<circle /g)).toHaveLength(has.flat().length + legend);
    for (const name of has.flat())
      expect(svg).toMatch(new RegExp(`>${name}<title>(?:network|volume|secret) ${name}</title>`));
  });

  it("escapes what would end a label", () => {
    const none = { networks: [], volumes: [], ports: [], secrets: [] };
    expect(svgOf({ 'a"b<c&d\u0000': none })).toContain(">a&quot;b&lt;c&amp;d?<");
    expect(mermaidOf({ 'a"b<c&d': none })).toContain('service0["a#quot;b#lt;c#amp;d"]');
  });

  it("of 50 services takes at most half a second of processor time", async () => {
    using folder = new TemporaryFolder();
    await graphIn(folder, 50);
    const before = process.cpuUsage();
    const graph = stackGraph(readWorkspace(folder.path), testAssets());
    const texts = [mermaidOf(graph), svgOf(graph)];
    const { user, system } = process.cpuUsage(before);
    expect(texts[0]).toContain('"api49"');
    expect(texts[1]).toContain(">api49<");
    expect((user + system) / 1_000).toBeLessThan(500);
  });
});
