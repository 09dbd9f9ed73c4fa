import { describe, expect, it } from "vitest";
import { commandForSynonym, firstPage, topicHelp } from "../../../src/cli/help.ts";
import { COMMANDS } from "../../../src/cli/registry/index.ts";
import { packageAssets } from "../../../src/workspace/index.ts";

const NAMES = new Set(COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]));

describe("words of other tools", () => {
  it.each(["start", "stop", "exec", "ps", "config", "undo", "remove-all", "rm", "constructor", "nonsense"])(
    "%s",
    (word) => {
      const line = commandForSynonym(word);
      if (word === "constructor" || word === "nonsense") return expect(line).toBeUndefined();
      const named = [...(line ?? "").matchAll(/glitchtip-compose ([a-z-]+)/g)].map(([, name]) => name ?? "");
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((name) => !NAMES.has(name))).toEqual([]);
      expect(NAMES.has(word)).toBe(false);
    },
  );
});

it("the first page names commands that exist", () => {
  const named = [...firstPage().matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name ?? "");
  expect(named).toEqual(["init", "up", "verify", "status", "doctor", "add", "uninstall"]);
  expect(named.filter((name) => !NAMES.has(name))).toEqual([]);
});

describe("help TOPIC", () => {
  const help = (topic: string) => topicHelp(topic, packageAssets());

  it.each(["production", "docs/production.md", "production.md"])("%s prints the guide", (topic) => {
    expect(help(topic)).toMatch(/^# /);
  });

  it.each(["proxies", "proxy", "traefik", "nginx", "caddy"])("%s prints the page about proxies", (topic) => {
    expect(help(topic)).toMatch(/^# Behind Traefik, nginx or Caddy/);
  });

  it("docs prints the index, and a code its section", () => {
    expect(help("docs")).toContain("by task");
    expect(help("gc1203")).toMatch(/^## GC1203\n[^#]*error GC1203: [^#]*$/);
  });

  it("of a command is left to commander, and of a group names its commands", () => {
    expect(help("backup")).toBeUndefined();
    expect(help("valkey-cli")).toBeUndefined();
    expect(help("maintain")).toContain("restore");
  });

  it.each([
    ["statu", 'did you mean "status"?'],
    ["prodution", 'did you mean "production"?'],
    ["GC1999", 'there is no help on "GC1999"'],
    ["ps", 'there is no help on "ps"'],
  ])("%s is refused with the nearest topic", (topic, said) => {
    expect(() => help(topic)).toThrow(said);
  });

  it("each guide that a command names is there", () => {
    const guides = COMMANDS.flatMap(({ guide = "docs/README.md" }) => guide);
    const names = packageAssets().guides();
    expect(guides.filter((guide) => !names.includes(guide.slice("docs/".length, -".md".length)))).toEqual([]);
  });
});
