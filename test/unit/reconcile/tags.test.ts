import { describe, expect, it } from "vitest";
import { acme, alert, HEAD, lines, plan, project } from "../../support/planning.ts";

const URL_ = "https://h.example.com/";
const declared = (tags: string, quantity = 100) =>
  `${HEAD}projects: {shop: {alerts: [{name: errors, quantity: ${quantity}, timespanMinutes: 60, recipients: [{type: webhook, url: '${URL_}'${tags}}]}]}}\n`;
const TAGGED = declared(", tagsToAdd: [release, environment]");
const there = (tagsToAdd?: readonly string[]) =>
  acme([project("shop", { alerts: [alert("errors", { recipients: [{ type: "webhook", url: URL_, tagsToAdd }] })] })]);
const none = acme([project("shop", { alerts: [] })]);

describe("tags of a recipient", () => {
  it("are sent with a new recipient, and the plan shows them", async () => {
    const { actions } = await plan(TAGGED, none, { generation: "5.2" });
    expect(actions).toMatchObject([{ desired: { recipients: [{ tagsToAdd: ["release", "environment"] }] } }]);
    expect(actions[0]?.changes.at(-1)).toEqual({
      field: "recipients",
      to: [`webhook ${URL_} + tags release, environment`],
    });
  });

  it("are refused for 4.1, which does not support them", async () => {
    const { actions, errors } = await plan(TAGGED, none, { generation: "4.1" });
    expect(actions).toEqual([]);
    expect(errors).toMatchObject([{ message: 'alert "errors": GlitchTip 4.1 knows no tagsToAdd' }]);
  });

  it("are no difference where the server does not return them, and are not sent again for an existing recipient", async () => {
    expect(lines(await plan(TAGGED, there(), { generation: "5.2" }))).toEqual([]);
    const { actions } = await plan(declared(", tagsToAdd: [release]", 7), there(), { generation: "5.2" });
    expect(actions).toMatchObject([{ type: "update" }]);
    expect(JSON.stringify(actions)).not.toContain('"tagsToAdd"');
  });

  it("are compared as a set where the server returns them", async () => {
    expect(lines(await plan(TAGGED, there(["environment", "release"]), { generation: "6" }))).toEqual([]);
  });

  it("cannot be changed on the server, so the alert is created again, with a warning", async () => {
    const { actions } = await plan(TAGGED, there(["release"]), { generation: "6" });
    expect(actions).toMatchObject([
      { type: "update", desired: { anew: true }, warning: expect.stringContaining("created again") },
    ]);
  });

  it("stay as they are where they are not declared", async () => {
    expect(lines(await plan(declared(""), there(["release"]), { generation: "6" }))).toEqual([]);
    const { actions } = await plan(declared("", 7), there(["release"]), { generation: "6" });
    expect(actions).toMatchObject([{ desired: { recipients: [{ tagsToAdd: ["release"] }] } }]);
  });
});
