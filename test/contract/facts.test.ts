import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadRecording, RECORDED, SCENARIOS } from "./scenario.ts";

const root = new URL("../..", import.meta.url).pathname;
const facts = readFileSync(join(root, "docs/glitchtip-facts.md"), "utf8");

describe("docs/glitchtip-facts.md", () => {
  it("names only steps that were recorded", () => {
    const recorded = new Set(
      RECORDED.flatMap((generation) =>
        SCENARIOS.flatMap((scenario) =>
          loadRecording(generation, scenario).exchanges.map(({ step }) => `${scenario}: "${step}"`),
        ),
      ),
    );
    const named = [...facts.matchAll(/`([a-z-]+: "[^`"]+")`/g)].map(([, reference = ""]) => reference);
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((reference) => !recorded.has(reference))).toEqual([]);
  });

  it("has every section that the code refers to", () => {
    const sections = new Set([...facts.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title));
    const texts = ["src", "test", "docs"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => /\.(ts|py|sh|md)$/.test(file))
        .map((file) => ({ file: join(folder, file), text: readFileSync(join(root, folder, file), "utf8") })),
    );
    const unknown = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/glitchtip-facts\.md,\s(?:[*#]\s)*\s*"([^"]+)"/g)]
        .filter(([, title = ""]) => !sections.has(title))
        .map(([reference]) => `${file}: ${reference}`),
    );
    expect(unknown).toEqual([]);
  });
});
