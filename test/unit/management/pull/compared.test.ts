import { describe, expect, it } from "vitest";
import { summary } from "../../../../src/cli/commands/pull.ts";
import { loadServers } from "../../../../src/config/load.ts";
import { comparedKinds } from "../../../../src/management/pull/bring-in.ts";
import { desiredServers, KINDS, type Kind } from "../../../../src/reconcile/index.ts";

const FILE = "glitchtip.yaml";

/** Returns what a pull that changes nothing says, for a declaration and what is asked for. */
function said(contents: string, ...asked: Kind[]): string {
  const text = `version: 1\nserver: {url: "https://g.example.com", token: "env:T"}\norganization: Acme\n${contents}`;
  const [desired] = desiredServers(loadServers(text, FILE), "prod");
  const compared = comparedKinds(desired ?? expect.unreachable(), new Set(asked));
  return summary({ changes: [], compared, files: [{ file: FILE, changed: false, text }], problems: [] }, {});
}

describe("pull that changes nothing", () => {
  it("says which kinds it compared, and how the others are", () => {
    expect(said("projects: {shop: {alerts: []}}\n")).toBe(
      "glitchtip.yaml already contains all of it (compared: projects, alerts, as declared; other kinds: --kind KIND or --all)",
    );
    expect(said("teams: [a]\nmonitors: []\n", "key")).toContain(
      "(compared: teams, projects, keys, monitors, as declared;",
    );
    expect(said("manage: [alerts]\nteams: [a]\nprojects: {shop: {alerts: []}}\n")).toContain("(compared: alerts, as");
  });

  it("says that without any list only what is declared was looked for", () => {
    const only = "(compared: only whether each declared object exists; other kinds: --kind KIND or --all)";
    expect(said("manage: monitors\n")).toContain(only);
  });

  it("needs no such words where all kinds were compared", () => {
    expect(said("", ...KINDS)).toBe("glitchtip.yaml already contains all of it");
  });
});
