import { describe, expect, it } from "vitest";
import { matches } from "../../../src/emulator/issue-search.ts";
import type { IssueRow } from "../../../src/emulator/rows.ts";
import { EmulatorState } from "../../../src/emulator/state.ts";

const state = new EmulatorState();
const issue: IssueRow = state.issues.insert({
  projectId: 1,
  hash: "",
  shortId: 1,
  type: "error",
  level: "error",
  status: "unresolved",
  title: "TypeError: probe one failed",
  culprit: "checkout",
  metadata: {},
  tags: { environment: "production" },
  count: 1,
  firstSeen: "",
  lastSeen: "",
  deletedAtMs: null,
});
state.events.insert({
  eventId: "11111111111141118111111111111111",
  projectId: 1,
  issueId: issue.id,
  receivedMs: 0,
  viaEnvelope: true,
  payload: {},
});

describe("a search for issues with", () => {
  it.each([
    ["", true],
    ["probe one", true],
    ['"probe one"', true],
    ["PROBE checkout", true],
    ["probe two", false],
    ["prob", false],
    ["prob*", true],
    ["is:unresolved", true],
    ["is:resolved probe", false],
    ["level:error", true],
    ["environment:production", true],
    ['environment:"staging"', false],
    ["has:environment", true],
    ["11111111-1111-4111-8111-111111111111", true],
    ["22222222222242228222222222222222", false],
  ])("%j finds the issue: %s", (query, found) => {
    expect(matches(state, issue, query)).toBe(found);
  });
});
