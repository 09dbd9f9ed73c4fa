import { randomBytes } from "node:crypto";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod/mini";
import { compatSchema } from "../../../../src/service/compat-schema.ts";
import { serversOfRun } from "../../../../src/service/run-servers.ts";
import type { RunRecord } from "../../../../src/service/run-store.ts";
import { compatBodies } from "../../../support/compat-bodies.ts";
import { propertyRuns } from "../../../support/property-runs.ts";
import { openTestApi } from "../../../support/service-api.ts";

const PATH = "/api/v1/integrations/glitchtip-project-alerts/reconcile";
const MIB = 1_024 * 1_024;

const instance = (name: string) => ({
  name,
  console_url: "https://errors.example.com",
  token: { secret_manager_url: "https://vault.example.com", path: "app/one", field: "token" },
});

async function openApi(problems: readonly string[] = []) {
  const api = await openTestApi({ targets: { problems: () => [...problems] } });
  const authorization = `Bearer ${await api.token()}`;
  const post = (payload: object | string | Buffer, headers: Record<string, string | undefined> = {}) =>
    api.app.inject({
      method: "POST",
      url: PATH,
      payload,
      headers: { authorization, "content-type": "application/json", ...headers },
    });
  return { ...api, authorization, post };
}

describe("a request that brings its own servers", () => {
  it("is queued under the id of the request: dry runs in one queue, wet runs in another", async () => {
    const { post, queued, runs } = await openApi();
    for (const [dry_run, queue] of [
      [true, "plan"],
      [false, "apply"],
      [undefined, "plan"],
    ] as const) {
      const answer = await post({ instances: [instance("one")], dry_run });
      const { id } = answer.json();
      expect(answer.statusCode).toBe(202);
      expect(answer.headers).toMatchObject({ "x-request-id": id, location: `${PATH}/${id}` });
      expect(answer.json()).toEqual({ id, status: "pending", status_url: `${PATH}/${id}` });
      expect(queued.at(-1)).toEqual({ queue, run: id });
      expect(await runs.get(id)).toMatchObject({ kind: queue, servers: ["one"], subject: "ci", state: "pending" });
    }
  });

  it("is skipped where an equal wet run is in progress, whoever has sent it; a dry run never is", async () => {
    const { post, queued, app, authorization } = await openApi();
    const wet = { instances: [instance("one")], dry_run: false };
    const result = async (answer: Awaited<ReturnType<typeof post>>) =>
      (await app.inject({ url: answer.json().status_url, headers: { authorization } })).json();
    const first = await post(wet);
    const second = await post(wet);
    expect(await result(first)).toMatchObject({ status: "pending" });
    expect(await result(second)).toMatchObject({ status: "skipped", reason: "duplicate_task", errors: [] });
    // The names are the same, and what is wanted is not.
    const other = { ...instance("one"), organizations: [{ name: "Acme" }] };
    expect(await result(await post({ instances: [other], dry_run: false }))).toMatchObject({ status: "pending" });
    for (let count = 0; count < 2; count++) {
      expect(await result(await post({ instances: [instance("one")] }))).toMatchObject({ status: "pending" });
    }
    expect(queued.map(({ queue }) => queue)).toEqual(["apply", "apply", "plan", "plan"]);
  });

  it("keeps what it brings sealed until its run has ended", async () => {
    const { post, store, runs } = await openApi();
    const hook = { recipient_type: "webhook", url: "https://hooks.example.com/canary" };
    const alerts = [{ name: "errors", quantity: 1, timespan_minutes: 1, recipients: [hook] }];
    const organizations = [{ name: "Acme", projects: [{ name: "shop", alerts }] }];
    const { id } = (await post({ instances: [{ ...instance("one"), organizations }] })).json();
    expect(await runs.piece(id, 0)).toBeDefined();
    expect([...store.values.values()].join("\n")).not.toContain("canary");
    const record = (await runs.get(id)) as RunRecord;
    await runs.put({ ...record, state: "success" });
    expect(await runs.piece(id, 0)).toBeUndefined();
  });

  it("has the same answer when it comes again, also where what is wrong lies in an organization", async () => {
    const { post } = await openApi();
    const shop = { name: "shop", alerts: [] };
    const organizations = [
      { name: "Good", projects: [shop] },
      { name: "Twice", projects: [shop, shop] },
    ];
    const twice = { instances: [{ ...instance("one"), organizations }] };
    const wrong = { instances: [{ ...instance("one"), organizations: [{ name: "Wrong", projects: [{}] }] }] };
    for (let count = 0; count < 2; count++) {
      expect((await post(twice)).json().problems).toEqual(['one/Twice: the project "shop" is listed twice']);
      expect((await post(wrong)).json().problems).toEqual([
        "body.instances.0.organizations.0.projects.0: must have a slug, or a name",
      ]);
      expect((await post({ instances: [{ ...instance("one"), organizations: [organizations[0]] }] })).statusCode).toBe(
        202,
      );
    }
  });

  it("is accepted exactly where zod accepts it, and refused with the words of zod", async () => {
    const { post } = await openApi();
    await fc.assert(
      fc.asyncProperty(compatBodies, async (body) => {
        const { success, error } = z.safeParse(compatSchema, structuredClone(body));
        const answer = await post(body);
        const { message, problems = [] } = answer.json();
        const place = ({ path, message: said }: z.core.$ZodIssue) => `${["body", ...path].join(".")}: ${said}`;
        const isMismatch = message === "the request does not match the schema";
        // A key named __proto__ is refused before the schema is looked at.
        if (answer.statusCode !== 400) expect(isMismatch ? problems : []).toEqual((error?.issues ?? []).map(place));
        else expect(JSON.stringify(body)).toContain("__proto__");
        if (success) expect([202, 422]).toContain(answer.statusCode);
      }),
      propertyRuns(300),
    );
  });

  it.each([
    ["no body", undefined, { "content-type": undefined }, 422],
    ["an empty body", "", {}, 400],
    ["null", "null", {}, 422],
    ["a text", "[]", { "content-type": "text/plain" }, 422],
    ["an unknown type", "[]", { "content-type": "text/csv" }, 415],
    ["half a body", '{"instances":[{"name":', {}, 400],
    ["a body that announces too much", "{}", { "content-length": String(65 * MIB) }, 413],
  ] as const)("is refused with %s", async (_, payload, headers, status) => {
    const { post, queued } = await openApi();
    const answer = await post(payload as never, headers);
    expect(answer.json()).toMatchObject({ code: "GC2004", remedy: expect.any(String) });
    expect([answer.statusCode, queued]).toEqual([status, []]);
  });

  it("is refused where a key is listed twice, since a worker would read what was not checked", async () => {
    const { post, queued } = await openApi();
    const [evil, good] = ["https://evil.example.com", "https://errors.example.com"].map((url) =>
      JSON.stringify({ ...instance("one"), console_url: url }),
    );
    const organizations = JSON.stringify([{ name: "Acme", projects: [{ name: "shop" }] }]);
    for (const text of [
      `{"instances":[${evil}],"instances":[${good}]}`,
      `{"inst\\u0061nces":[${evil}],"instances":[${good}]}`,
      `{"dry_run":[${evil}],"dry_run":true,"instances":[${good}]}`,
      `{"instances":[${evil}],"instances":[${good?.replace(/}$/, `,"organizations":${organizations}}`)}]}`,
      // Not valid for sure, and parsed as a whole.
      `\ufeff{"instances":[[]],"instances":[${good}]}`,
      `{"instances":[${evil?.replace(/}$/, ',"organizations":[{"projects":[{"x":1}]}]}')}],"instances":[${good}]}`,
    ]) {
      const answer = await post(text);
      expect([answer.statusCode, answer.json().problems], text).toEqual([422, ["body: a key is listed twice"]]);
    }
    expect(queued).toEqual([]);
    expect((await post(`\ufeff{"instances":[${good}]}`)).statusCode).toBe(202);
  });

  it("is kept in pieces where it is large, from which a worker makes its servers anew", async () => {
    const { post, runs, store, workerContext } = await openApi();
    const projects = Array.from({ length: 300 }, (_, nth) => ({ name: "é".repeat(200), slug: `shop-${nth}` }));
    const organizations = [{ name: "Acmé", projects }];
    const instances = Array.from({ length: 20 }, (_, nth) => ({ ...instance(`server-${nth}`), organizations }));
    const bytes = Buffer.from(JSON.stringify({ instances }));
    const chunks = function* () {
      // An odd length cuts characters, too.
      for (let from = 0; from < bytes.length; from += 50_001) yield bytes.subarray(from, from + 50_001);
    };
    const answers = [await post(Readable.from(chunks())), await post(Readable.from(chunks()))];
    for (const { id } of answers.map((answer) => answer.json())) {
      const record = (await runs.get(id)) as RunRecord;
      expect(record.pieces).toBe(52);
      const { servers } = await serversOfRun(workerContext, record);
      expect(servers.map(({ desired }) => desired.name)).toEqual(instances.map(({ name }) => name));
      for (const { desired } of servers) {
        expect(desired.organizations.map(({ name }) => name)).toEqual(["Acmé"]);
        expect(desired.organizations[0]?.projects.map(({ slug, name }) => ({ slug, name }))).toEqual(projects);
      }
      await runs.put({ ...record, state: "success" });
      expect([...store.values.keys()].filter((key) => key.includes(id))).toHaveLength(1);
    }
  });

  it("is refused before anything is kept where its targets are not allowed", async () => {
    const { post, queued, store } = await openApi(["one: ci may not use it"]);
    const answer = await post({ instances: [instance("one")] });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: "GC2003", problems: ["one: ci may not use it"] });
    expect([queued, [...store.values]]).toEqual([[], []]);
  });

  it("has names of its own: the same instance twice, the same project twice by slug and by name", async () => {
    const { post } = await openApi();
    const projects = [{ name: "My Shop" }, { slug: "my-shop" }];
    const answer = await post({
      instances: [
        { ...instance("one"), organizations: [{ name: "Acme", projects }] },
        instance("two"),
        instance("two"),
      ],
    });
    expect(answer.statusCode).toBe(422);
    expect(answer.json().problems).toEqual([
      'instances: the instance "two" is listed twice',
      'one/Acme: the project "my-shop" is listed twice',
    ]);
  });
});

describe("every answer", () => {
  it("has the id of its request: the client's where it can be one, else a new one", async () => {
    const { app } = await openApi();
    const idOf = async (given?: string) => {
      const headers = given === undefined ? {} : { "x-request-id": given };
      const answer = await app.inject({ url: "/api/v1/servers", headers });
      expect(answer.json().request_id).toBe(answer.headers["x-request-id"]);
      return String(answer.headers["x-request-id"]);
    };
    expect(await idOf("build-17:3")).toBe("build-17:3");
    for (const given of [undefined, "", "two words", "x".repeat(65), "a\tb"]) {
      expect(await idOf(given)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
  });

  it("to a request without a valid token is given before its body is read", async () => {
    const { app, post } = await openApi();
    for (const payload of ["no JSON", "[".repeat(100_000)]) {
      expect((await post(payload)).statusCode).toBe(400);
      const headers = { "content-type": "application/json" };
      const answer = await app.inject({ method: "POST", url: PATH, payload, headers });
      expect([answer.statusCode, answer.json().code]).toEqual([401, "GC2001"]);
    }
  });

  it("to an address that cannot be decoded has the shape of the others", async () => {
    const { app, authorization } = await openApi();
    const answer = await app.inject({ url: "/api/v1/runs/%ff", headers: { authorization, "x-request-id": "mine" } });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: "GC2005", remedy: expect.any(String), request_id: "mine" });
    expect(answer.headers).toMatchObject({ "x-request-id": "mine", "x-content-type-options": "nosniff" });
  });

  it.each([
    ["too long headers", `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["a line that is no header", "GET / HTTP/1.1\r\nhost: x\r\nx-request-id: a\nInjected: b\r\n\r\n", 400],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
  ])("to %s has it, too, and ends the connection", async (_, request, status) => {
    const { app } = await openApi();
    await app.listen({ host: "127.0.0.1", port: 0 });
    onTestFinished(() => app.close());
    const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(request);
    const [head, body] = (await text(socket)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(body ?? "")).toMatchObject({
      code: "GC2004",
      detail: expect.any(String),
      request_id: expect.any(String),
    });
  });

  it("is not waited for by a client that sends its request slowly, for ever", async () => {
    const { app } = await openApi();
    expect(app.server.requestTimeout).toBe(120_000);
    expect(app.server.headersTimeout).toBe(60_000);
  });

  it("to a request without a valid token says how to get one, and to one without a scope which it lacks", async () => {
    const { app, token } = await openApi();
    const refused = await app.inject({ url: "/api/v1/servers" });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers["www-authenticate"]).toBe('Bearer realm="glitchtip-compose", error="invalid_token"');
    const planner = `Bearer ${await token("planner", ["plan"])}`;
    const denied = await app.inject({
      method: "POST",
      url: "/api/v1/apply",
      payload: {},
      headers: { authorization: planner },
    });
    expect(denied.statusCode).toBe(403);
    expect(denied.json()).toMatchObject({ code: "GC2002", message: 'the token lacks the scope "apply"' });
  });

  it("that lists runs reads no report of theirs, which may have megabytes", async () => {
    const { app, authorization, runs, store } = await openApi();
    const report = { status: "success", actions: [], applied_count: 0, errors: ["a report of megabytes"] };
    const record = { id: "run-1", kind: "plan", state: "success", subject: "ci", servers: ["one"], createdAtMs: 1 };
    await runs.put({ ...record, report } as unknown as RunRecord);
    expect(store.values.get("run:run-1")).not.toContain("megabytes");
    const { runs: listed } = (await app.inject({ url: "/api/v1/runs", headers: { authorization } })).json();
    expect(listed).toEqual([
      { id: "run-1", kind: "plan", status: "success", servers: ["one"], created_at: "1970-01-01T00:00:00.001Z" },
    ]);
    expect(await runs.get("run-1")).toEqual({ ...record, report });
  });

  it("to a failure of our own tells nothing of it; the log does", async () => {
    const { app, authorization, runs, lines } = await openApi();
    runs.list = () => Promise.reject(new Error("canary of the inside"));
    const answer = await app.inject({ url: "/api/v1/runs", headers: { authorization } });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: "GC1901", request_id: expect.any(String) });
    expect(answer.body).not.toContain("canary");
    expect(lines.join("")).toContain("canary of the inside");
    expect(lines.join("")).not.toContain(authorization.slice(7));
  });

  it("shows somebody else's run as one that is not there", async () => {
    const { app, post, token } = await openApi();
    const { status_url } = (await post({ instances: [] })).json();
    const other = `Bearer ${await token("other")}`;
    const foreign = await app.inject({ url: status_url, headers: { authorization: other } });
    const unknown = await app.inject({ url: `${PATH}/unknown`, headers: { authorization: other } });
    const { request_id: _, ...first } = foreign.json();
    const { request_id: __, ...second } = unknown.json();
    expect([foreign.statusCode, first]).toEqual([404, second]);
  });
});

describe("a body that is nested deeply", () => {
  const nested = (levels: number, [open, close]: readonly [string, string]) =>
    open.repeat(levels) + close.repeat(levels);
  it.each([PATH, "/api/v1/plan"])("is not parsed by %s", async (url) => {
    const { app, authorization } = await openApi();
    for (const text of [
      nested(1_000_000, ["[", "]"]),
      nested(500_000, ['{"a":', "}"]).replace("}", "1}"),
      `{"instances":[{"organizations":[{"projects":[${nested(500_000, ["[", "]"])}]}]}]}`,
    ]) {
      const headers = { authorization, "content-type": "application/json" };
      const answer = await app.inject({ method: "POST", url, payload: text, headers });
      expect([answer.statusCode, answer.json().message]).toEqual([400, "the body is nested deeper than 100 levels"]);
    }
    // What is in a string nests nothing.
    const servers = [nested(100, ["[", "]"])];
    const payload = url === PATH ? { instances: [{ ...instance("[".repeat(200)) }] } : { servers };
    const answer = await app.inject({ method: "POST", url, payload, headers: { authorization } });
    expect(answer.statusCode).toBe(url === PATH ? 202 : 422);
  });
});

describe("a compressed body", () => {
  it("is read up to its limits, compressed and not", async () => {
    const { post } = await openApi();
    const gzip = { "content-encoding": "gzip" };
    const text = JSON.stringify({ instances: [] });
    expect((await post(gzipSync(text), gzip)).statusCode).toBe(202);
    expect((await post(gzipSync(Buffer.alloc(65 * MIB, " ")), gzip)).statusCode).toBe(413);
    // What does not become smaller meets the limit of what is sent.
    expect((await post(gzipSync(randomBytes(11 * MIB), { level: 0 }), gzip)).statusCode).toBe(413);
    expect((await post(gzipSync(text).subarray(0, 15), gzip)).json()).toMatchObject({
      code: "GC2004",
      message: expect.stringContaining("Invalid gzip data"),
    });
    // Who says that much more is to come is not read at all.
    expect((await post("{}", { "content-length": String(65 * MIB) })).statusCode).toBe(413);
  });
});
