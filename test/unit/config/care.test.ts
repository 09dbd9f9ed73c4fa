import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import { problemsIn } from "../../support/declaration-problems.ts";
import { declarationWith } from "../../support/stack.ts";

const problems = (lines: string) => problemsIn(() => loadDeclaration(declarationWith(lines), "glitchtip.yaml"));

describe("notify", () => {
  it("takes references only, because an address is a secret", () => {
    expect(problems("notify: [{ type: slack, url: https://hooks.example.com/x }]").join()).toMatch(/file:PATH/);
    expect(problems("notify: [{ type: slack, url: file:./slack-url }]")).toEqual([]);
  });

  it("refuses unknown types and events, and lists the known ones", () => {
    const all = problems("notify: [{ type: mail, url: env:URL, events: [backup-faild] }]").join("\n");
    expect(all).toMatch(/feishu/);
    expect(all).toMatch(/backup-failed/);
  });

  it("refuses two channels with the same name", () => {
    expect(problems("notify: [{ type: slack, url: env:A }, { type: slack, url: env:B }]").join()).toMatch(
      /"slack" is there twice/,
    );
    expect(problems("notify: [{ type: slack, url: env:A }, { type: slack, url: env:B, name: other }]")).toEqual([]);
  });

  it("refuses a secret for Slack, which signs no messages", () => {
    expect(problems("notify: [{ type: slack, url: env:A, secret: env:B }]").join()).toMatch(/of no use to Slack/);
  });
});

describe("care", () => {
  it("takes a time or five fields of cron", () => {
    expect(problems('care: { restart: { schedule: "04:00" } }')).toEqual([]);
    expect(problems('care: { restart: { schedule: "0 4 * * 0" } }')).toEqual([]);
    expect(problems("care: { restart: { schedule: weekly } }").join()).toMatch(/five fields of cron/);
  });

  it("refuses limits that would restart GlitchTip all the time", () => {
    expect(problems("care: { restart: { memoryPercent: 10 } }")).toHaveLength(1);
    expect(problems("care: { everySeconds: 1 }")).toHaveLength(1);
  });

  it("is possible for a single container, as notify is", () => {
    const lines = "server: { topology: single-container }\nnotify: [{ type: json, url: env:A }]";
    expect(problems(`${lines}\ncare: { restart: { memoryPercent: 90 } }`)).toEqual([]);
  });

  it("is refused for a GlitchTip that runs elsewhere", () => {
    const lines = "server: { url: https://errors.example.com }";
    expect(problems(`${lines}\ncare: {}`).join()).toMatch(/is watched where it runs/);
    expect(problems(`${lines}\nnotify: [{ type: json, url: env:A }]`).join()).toMatch(/is watched where it runs/);
  });
});
