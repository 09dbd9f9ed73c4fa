import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { type AnswerError, readAnswer } from "../../../src/glitchtip/answers.ts";
import type { HttpAnswer } from "../../../src/http/http.ts";
import { json, page } from "../../support/fake-transport.ts";

const URL_ = "http://glitchtip:8000/api/0/x/";
const shape = z.object({ slug: z.string(), teams: z.optional(z.array(z.object({ slug: z.string() }))) });

const read = (answer: HttpAnswer) => readAnswer("POST", URL_, answer, shape);

function failure(answer: HttpAnswer): AnswerError {
  try {
    read(answer);
  } catch (error) {
    return error as AnswerError;
  }
  throw new Error("no error");
}

describe("a good answer", () => {
  it("is parsed, whatever other fields a generation sends", () => {
    expect(read(json({ slug: "acme", color: "#fff" }, 201))).toEqual({ slug: "acme" });
  });

  it.each(["application/json", "application/json; charset=utf-8", "application/problem+json"])("may be %s", (type) => {
    expect(read(json({ slug: "acme" }, 200, { "content-type": type }))).toMatchObject({ slug: "acme" });
  });
});

describe("a status", () => {
  it.each([
    [301, "GC1204"],
    [308, "GC1204"],
    [400, "GC1206"],
    [401, "GC1304"],
    [403, "GC1305"],
    [404, "GC1209"],
    [409, "GC1210"],
    [422, "GC1206"],
    [429, "GC1207"],
    [500, "GC1205"],
    [502, "GC1205"],
    [503, "GC1205"],
    [599, "GC1205"],
  ])("of %d is %s, with method, address, status and the server's words", (status, code) => {
    const error = failure(json({ detail: "it was so" }, status));
    expect(error).toMatchObject({ code, status, said: "it was so" });
    expect(error.message).toContain(`POST ${URL_}: ${status}`);
  });

  it("of a redirect names its target", () => {
    const error = failure({ status: 301, headers: { location: "https://errors.example.com/" }, text: "" });
    expect(error.message).toBe(`POST ${URL_}: 301, a redirect to https://errors.example.com/`);
    expect(error.remedy).toContain("https instead of http");
  });

  it("403 with an unknown token is reported as a refused token (5.2)", () => {
    expect(failure(json({ detail: "CSRF check Failed" }, 403)).code).toBe("GC1304");
  });

  it("403 with a page is not reported as a missing permission", () => {
    expect(failure(page("403 Forbidden", 403)).code).toBe("GC1206");
  });

  it("of a failure in HTML shows the title of the page only", () => {
    expect(failure(page("Server Error (500)", 500)).message).toBe(`POST ${URL_}: 500 page "Server Error (500)"`);
  });

  it("never shows more than a line of 200 characters", () => {
    const said = failure({ status: 500, headers: {}, text: "a\nb ".repeat(500) }).said;
    expect(said.length).toBeLessThanOrEqual(200);
    expect(said).not.toContain("\n");
  });
});

describe("how long the server limits the rate of requests", () => {
  const wait = (headers: HttpAnswer["headers"]) => failure({ status: 429, headers, text: "" }).retryAfterMs;

  it("may be in seconds", () => {
    expect(wait({ "retry-after": "7" })).toBe(7_000);
    expect(wait({ "retry-after": " 0 " })).toBe(0);
  });

  it("may be a date by the server's clock", () => {
    const date = "Sat, 01 Aug 2026 12:00:00 GMT";
    expect(wait({ date, "retry-after": "Sat, 01 Aug 2026 12:00:30 GMT" })).toBe(30_000);
    expect(wait({ date, "retry-after": "Sat, 01 Aug 2026 11:59:00 GMT" })).toBe(0);
  });

  it("is undefined without the header or with an invalid one", () => {
    expect(wait({})).toBeUndefined();
    expect(wait({ "retry-after": "soon" })).toBeUndefined();
    expect(wait({ "retry-after": "Sat, 01 Aug 2026 12:00:30 GMT" })).toBeUndefined();
  });
});

describe("an answer that is not the API's", () => {
  it("is reported with its type, whatever its status", () => {
    const error = failure(page("GlitchTip"));
    expect(error).toMatchObject({ code: "GC1202", said: 'page "GlitchTip"' });
    expect(error.message).toBe(`POST ${URL_}: 200 with text/html; charset=utf-8 instead of JSON`);
    expect(failure({ status: 200, headers: {}, text: "" }).message).toContain("with no content type");
  });

  it("has an unknown outcome where it is cut", () => {
    const error = failure({ ...json({}), text: '{"slug":"ac' });
    expect(error.code).toBe("GC1208");
    expect(error.message).toContain("no whole JSON (11 characters)");
  });

  it("names the fields that are missing or of another kind", () => {
    const error = failure(json({ teams: [{ slug: 7 }] }));
    expect(error.code).toBe("GC1202");
    expect(error.message).toBe(`POST ${URL_}: the answer lacks or mistypes slug, teams.0.slug`);
    expect(failure(json([])).message).toContain("(root)");
  });

  it("is never quoted where it is no error, because it may hold a secret", () => {
    expect(failure(json({ token: "f".repeat(64) })).message).not.toContain("fff");
  });
});
