import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { openRequests, type Requests } from "../../../src/glitchtip/requests.ts";
import { type HttpAnswer, HttpError } from "../../../src/http/http.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type FakeTransport, fakeTransport, json, page } from "../../support/fake-transport.ts";

const shape = z.object({ n: z.number() });
const failed = (sent: boolean) => new HttpError(sent ? "broken" : "unreachable", "GET …", "it broke", "", undefined);

function open(transport: FakeTransport) {
  const clock = fakeClock();
  const signal = new AbortController().signal;
  const requests: Requests = openRequests({ transport, clock, signal, headers: () => ({ authorization: "Bearer t" }) });
  return { requests, clock };
}

interface Recording {
  readonly exchanges: readonly {
    readonly step: string;
    readonly response: { readonly headers: Readonly<Record<string, string>> };
  }[];
}

/** The Link header as a running server sent it, with a cursor in the place of the recorded one. */
function linkOf(generation: string, step: string, cursor: string): string {
  const path = new URL(`../../contract/recordings/${generation}/pagination.json`, import.meta.url);
  const { exchanges } = JSON.parse(readFileSync(path, "utf8")) as Recording;
  const link = exchanges.find((one) => one.step === step)?.response.headers.link;
  if (link === undefined) throw new Error(`${generation}: no Link at "${step}"`);
  return link.replaceAll("{{origin}}", "https://elsewhere.example").replaceAll(/\{\{cursor2?\}\}/g, cursor);
}

describe.each(["4.1", "5.1", "5.2"])("a list of GlitchTip %s", (generation) => {
  const answer = (n: number, step: string, cursor = "") =>
    json([{ n }], 200, { link: linkOf(generation, step, cursor) });

  it("is read to its last page by its cursors only", async () => {
    const transport = fakeTransport(
      answer(1, "limit 100", "cj0x+/=="),
      answer(2, "second page", "cD0xMDA="),
      answer(3, "third page"),
    );
    expect(await open(transport).requests.list("/api/0/projects/", shape)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(transport.requests.map(({ path }) => path)).toEqual([
      "/api/0/projects/?limit=100",
      "/api/0/projects/?limit=100&cursor=cj0x%2B%2F%3D%3D",
      "/api/0/projects/?limit=100&cursor=cD0xMDA%3D",
    ]);
  });

  it("is continued after a failure in the middle, without duplicates", async () => {
    const transport = fakeTransport(
      answer(1, "first page", "a"),
      failed(true),
      page("502", 502),
      answer(2, "third page"),
    );
    const { requests, clock } = open(transport);
    expect(await requests.list("/api/0/projects/", shape)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(clock.slept).toHaveLength(2);
  });
});

describe("a list", () => {
  it("is one page without a Link header", async () => {
    expect(await open(fakeTransport(json([{ n: 1 }]))).requests.list("/x/", shape)).toEqual([{ n: 1 }]);
  });

  it("throws where its next page is the same one", async () => {
    const link = linkOf("5.2", "first page", "same");
    await expect(
      open(fakeTransport(json([{ n: 1 }], 200, { link }))).requests.list("/x/", shape),
    ).rejects.toMatchObject({ code: "GC1202", message: expect.stringContaining("the next page is the same one") });
  });

  it("keeps its query", async () => {
    const transport = fakeTransport(json([]));
    await open(transport).requests.list("/x/?query=a", shape);
    expect(transport.requests[0]?.path).toBe("/x/?query=a&limit=100");
  });
});

describe("a request", () => {
  it("carries the token, its content type, and accepts JSON", async () => {
    const transport = fakeTransport(json({ n: 1 }));
    await open(transport).requests.post("/x/", { name: "ä" }, shape);
    expect(transport.requests).toEqual([
      {
        method: "POST",
        path: "/x/",
        headers: { accept: "application/json", "content-type": "application/json", authorization: "Bearer t" },
        body: '{"name":"ä"}',
      },
    ]);
  });
});

describe("after a passing failure", () => {
  const passing: readonly [string, HttpAnswer | Error][] = [
    ["a connection that broke", failed(true)],
    ["500", json({}, 500)],
    ["502 with a page", page("Bad Gateway", 502)],
    ["an answer that is cut", { ...json({}), text: "{" }],
  ];
  const there = json({ n: 1 });

  it.each(passing)("%s, reads and deletes are retried with growing pauses", async (_, failure) => {
    const { requests, clock } = open(fakeTransport(failure, failure, there));
    expect(await requests.get("/x/", shape)).toEqual({ n: 1 });
    expect(clock.slept[0]).toBeGreaterThanOrEqual(375);
    expect(clock.slept[0]).toBeLessThanOrEqual(500);
    expect(clock.slept[1]).toBeGreaterThanOrEqual(750);
    expect(clock.slept[1]).toBeLessThanOrEqual(1_000);
  });

  it("a delete that finds nothing succeeds, because an earlier attempt may have deleted it", async () => {
    const transport = fakeTransport(failed(true), json({ detail: "Not Found" }, 404));
    await open(transport).requests.delete("/x/");
    expect(transport.requests).toHaveLength(2);
  });

  it.each(passing)("%s, writes are not retried, because the server may have acted", async (_, failure) => {
    for (const write of ["post", "put"] as const) {
      const transport = fakeTransport(failure, there);
      await expect(open(transport).requests[write]("/x/", {}, shape)).rejects.toMatchObject({
        code: expect.stringMatching(/^GC120[58]$/),
      });
      expect(transport.requests).toHaveLength(1);
    }
  });

  it("where nothing was sent, writes are retried", async () => {
    const transport = fakeTransport(failed(false), there);
    expect(await open(transport).requests.post("/x/", {}, shape)).toEqual({ n: 1 });
  });

  it("the fourth attempt is the last", async () => {
    const transport = fakeTransport(json({}, 503));
    await expect(open(transport).requests.get("/x/", shape)).rejects.toMatchObject({ code: "GC1205" });
    expect(transport.requests).toHaveLength(4);
  });
});

describe("after a refusal", () => {
  it.each([400, 401, 403, 404, 409, 422])("with %d nothing is retried", async (status) => {
    const transport = fakeTransport(json({ detail: "no" }, status));
    await expect(open(transport).requests.get("/x/", shape)).rejects.toMatchObject({ status });
    expect(transport.requests).toHaveLength(1);
  });

  it("with 429 everything is retried after Retry-After", async () => {
    const { requests, clock } = open(fakeTransport(json({}, 429, { "retry-after": "7" }), json({ n: 1 })));
    expect(await requests.post("/x/", {}, shape)).toEqual({ n: 1 });
    expect(clock.slept).toEqual([7_000]);
  });

  it("with 429 for longer than a minute it is reported instead", async () => {
    const transport = fakeTransport(json({}, 429, { "retry-after": "61" }));
    await expect(open(transport).requests.get("/x/", shape)).rejects.toMatchObject({ code: "GC1207" });
    expect(transport.requests).toHaveLength(1);
  });
});

describe("a raw request", () => {
  it("returns refusals as answers", async () => {
    const { requests } = open(fakeTransport(json({ detail: "no" }, 404)));
    expect(await requests.raw("POST", "/x/", "{}")).toMatchObject({ status: 404 });
  });

  it("is retried like a read where it is idempotent", async () => {
    const transport = fakeTransport(json({}, 502), json({}, 204));
    const { requests } = open(transport);
    expect(await requests.raw("POST", "/x/", "{}", { idempotent: true })).toMatchObject({ status: 204 });
    await expect(open(fakeTransport(json({}, 502))).requests.raw("POST", "/x/", "{}")).rejects.toMatchObject({
      code: "GC1205",
    });
  });
});
