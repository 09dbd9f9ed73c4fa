import { describe, expect, it } from "vitest";
import { acme, alert, HEAD, lines, plan, project } from "../../../support/inside.ts";

const shop = (alerts: string) => `${HEAD}projects: {shop: {alerts: ${alerts}}}\n`;
const EMAIL = "{name: errors, quantity: 100, timespanMinutes: 60, recipients: [{type: email}]}";
const hook = (url: string, more = "") =>
  `{name: hook, quantity: 100, timespanMinutes: 60, recipients: [{type: webhook, url: '${url}'${more}}]}`;
const onServer = (...alerts: readonly ReturnType<typeof alert>[]) => acme([project("shop", { alerts })]);
const hooked = (url: string, over = {}) => alert("hook", { recipients: [{ type: "webhook", url }], ...over });

describe("the alerts of a project", () => {
  it("that are as declared need nothing", async () => {
    expect(lines(await plan(shop(`[${EMAIL}]`), onServer(alert("errors"))))).toEqual([]);
  });
});
void hook;
void hooked;
