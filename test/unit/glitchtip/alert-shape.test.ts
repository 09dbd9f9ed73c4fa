import { describe, expect, it } from "vitest";
import { alertShape } from "../../../src/glitchtip/wire/alert.ts";
import { listOf } from "../../../src/glitchtip/wire/shape.ts";

const whole = {
  id: 7,
  name: "errors",
  timespanMinutes: 10,
  quantity: 100,
  uptime: true,
  alertRecipients: [
    { id: 1, recipientType: "webhook", url: "https://hooks.example.com/a", tagsToAdd: ["x"], config: { a: 1 } },
  ],
};

const normal = {
  id: "7",
  name: "errors",
  timespanMinutes: 10,
  quantity: 100,
  uptime: true,
  recipients: [{ type: "webhook", url: "https://hooks.example.com/a", tagsToAdd: ["x"], config: { a: 1 } }],
};

const wrongPlaces = (value: unknown): string[] => {
  const read = listOf(alertShape).safeParse(value);
  return read.success ? [] : read.error.issues.map(({ path }) => path.join("."));
};

describe("an alert as the server answers it", () => {
  it("is read into its normal form, with unknown fields apart, which an update sends back", () => {
    const data = { ...normal, unmanaged: { extra: 1 } };
    expect(alertShape.safeParse({ ...whole, extra: 1 })).toEqual({ success: true, data });
  });

  it.each([
    ["left out", {}],
    ["null", { name: null, timespanMinutes: null, quantity: null, uptime: null, alertRecipients: null }],
  ])("may have anything %s but its number", (_, rest) => {
    const data = { id: "7", name: "", timespanMinutes: null, quantity: null, uptime: false, recipients: [] };
    expect(alertShape.safeParse({ id: "7", ...rest })).toEqual({ success: true, data });
  });

  it("may have recipients of unknown types, without address, tags and settings", () => {
    const odd = { id: 1, alertRecipients: [{ recipientType: "pigeon", url: null, tagsToAdd: null, config: null }] };
    expect(alertShape.safeParse(odd)).toMatchObject({ data: { recipients: [{ type: "pigeon", url: "" }] } });
  });

  it.each([
    ["no list", { detail: "x" }, [""]],
    ["no map", [7], ["0", "0.id"]],
    ["no number", [{ ...whole, id: null }], ["0.id"]],
    ["a name that is none", [whole, { ...whole, name: 1 }], ["1.name"]],
    ["texts for numbers", [{ ...whole, quantity: "1", timespanMinutes: [] }], ["0.timespanMinutes", "0.quantity"]],
    ["a word for yes or no", [{ ...whole, uptime: "no" }], ["0.uptime"]],
    ["recipients that are no list", [{ ...whole, alertRecipients: {} }], ["0.alertRecipients"]],
    ["a recipient without its kind", [{ ...whole, alertRecipients: [{}] }], ["0.alertRecipients.0.recipientType"]],
    [
      "recipients that are none",
      [{ ...whole, alertRecipients: [null] }],
      ["0.alertRecipients.0", "0.alertRecipients.0.recipientType"],
    ],
    [
      "tags and settings of other forms",
      [{ ...whole, alertRecipients: [{ recipientType: "x", tagsToAdd: [1], config: [] }] }],
      ["0.alertRecipients.0.tagsToAdd", "0.alertRecipients.0.config"],
    ],
  ])("is refused with each wrong place: %s", (_, value, places) => {
    expect(wrongPlaces(value)).toEqual(places);
  });
});
