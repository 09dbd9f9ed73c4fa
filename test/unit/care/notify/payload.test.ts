import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../../src/base/secret.ts";
import type { Notice } from "../../../../src/care/notify/notice.ts";
import { isAccepted, payloadOf } from "../../../../src/care/notify/payload.ts";

const NOW_MS = Date.parse("2026-11-21T03:15:00Z");
const notice: Notice = {
  event: "backup-failed",
  state: "failed",
  instance: "errors.example.com",
  title: "the backup failed",
  lines: ["GC1801: pg_dump failed: <disk> & *more*"],
  remedy: "docker compose logs glitchtip-backup",
  atMs: NOW_MS,
};
const secret = new Secret("signing-secret");
const bodyOf = (type: Parameters<typeof payloadOf>[0], more = {}) =>
  JSON.parse(payloadOf(type, { notice, nowMs: NOW_MS, ...more }).body);

describe("a Feishu card", () => {
  it("has version 2.0, is red for a failure and green otherwise, and names the instance in its title", () => {
    expect(bodyOf("feishu")).toMatchObject({
      msg_type: "interactive",
      card: {
        schema: "2.0",
        header: { template: "red", title: { content: "❌ errors.example.com: the backup failed" } },
      },
    });
    expect(bodyOf("feishu", { notice: { ...notice, state: "done" } }).card.header.template).toBe("green");
    expect(bodyOf("feishu", { notice: { ...notice, state: "drift", title: "it differs" } }).card.header).toMatchObject({
      template: "orange",
      title: { content: "⚠️ errors.example.com: it differs" },
    });
  });

  it("escapes the text of a failure", () => {
    const { content } = bodyOf("feishu").card.body.elements[0];
    expect(content).toContain("&#60;disk&#62; & &#42;more&#42;");
    expect(content).toContain("→ docker compose logs glitchtip-backup");
  });

  it("is signed only where a secret is declared", () => {
    const timestamp = String(NOW_MS / 1_000);
    const sign = createHmac("sha256", `${timestamp}\nsigning-secret`).digest("base64");
    expect(bodyOf("feishu", { secret })).toMatchObject({ timestamp, sign });
    expect(bodyOf("feishu")).not.toHaveProperty("sign");
  });
});

describe("plain JSON", () => {
  it("has one field for each fact", () => {
    expect(bodyOf("json")).toEqual({
      version: 1,
      at: "2026-11-21T03:15:00.000Z",
      event: "backup-failed",
      state: "failed",
      instance: "errors.example.com",
      title: "the backup failed",
      lines: notice.lines,
      remedy: notice.remedy,
    });
  });

  it("has the number of repetitions that were held back", () => {
    const repeated = { times: 3, sinceMs: NOW_MS - 60_000 };
    expect(bodyOf("json", { repeated })).toMatchObject({ repeated: 3, repeatedSince: "2026-11-21T03:14:00.000Z" });
  });

  it("sends the secret as a bearer token", () => {
    expect(payloadOf("json", { notice, nowMs: NOW_MS, secret }).headers.authorization).toBe("Bearer signing-secret");
  });
});

describe("Slack's format", () => {
  it("has a title and a section within Slack's limits, with control characters escaped", () => {
    const body = bodyOf("slack", {
      notice: {
        ...notice,
        lines: [
          ...notice.lines,
          ..."x"
            .repeat(50)
            .split("")
            .map(() => "y".repeat(590)),
        ],
      },
    });
    expect(body.text).toBe("❌ errors.example.com: the backup failed");
    expect(body.blocks[0].text.text.length).toBeLessThanOrEqual(150);
    expect(body.blocks[1].text.text.length).toBe(3_000);
    expect(body.blocks[1].text.text).toContain("&lt;disk&gt; &amp; *more*");
  });
});

describe("ntfy's format", () => {
  it("has the text as its body, and an encoded title in a header", () => {
    const { headers, body } = payloadOf("ntfy", { notice, nowMs: NOW_MS });
    expect(body).toContain("pg_dump failed: <disk> & *more*\n→ docker compose logs glitchtip-backup");
    const [, encoded = ""] = /^=\?UTF-8\?B\?(.*)\?=$/.exec(headers.title ?? "") ?? [];
    expect(Buffer.from(encoded, "base64").toString()).toBe("❌ errors.example.com: the backup failed");
    expect(headers).toMatchObject({ priority: "high", tags: "backup-failed" });
  });
});

describe("an answer with a status of success", () => {
  const TYPES = ["feishu", "json", "slack", "ntfy"] as const;

  it.each(TYPES)("is no success for %s where it is a web page", (type) => {
    for (const page of ["<!DOCTYPE html><html>", "<html><body>Please sign in", '\ufeff <!doctype html>"code":0']) {
      expect(isAccepted(type, page), page).toBe(false);
    }
  });

  it("is what each receiver says of itself", () => {
    expect(isAccepted("feishu", '{"code":0,"msg":"success"}')).toBe(true);
    for (const other of ['{"code":19021}', "", "ok", "{}"]) expect(isAccepted("feishu", other)).toBe(false);
    expect(isAccepted("ntfy", '{"id":"a1","event":"message"}')).toBe(true);
    for (const other of ["", "welcome"]) expect(isAccepted("ntfy", other)).toBe(false);
    for (const said of ["ok", '{"ok":true}']) expect(isAccepted("slack", said)).toBe(true);
    for (const said of ["", "done", "{}"]) expect(isAccepted("json", said)).toBe(true);
  });
});
