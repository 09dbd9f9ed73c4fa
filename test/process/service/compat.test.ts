import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { type RunningService, type ServiceUnderTest, startService } from "../../support/service.ts";
import { hasValkey, noValkey } from "../../support/valkey.ts";
import { VaultDouble } from "../../support/vault-double.ts";

const PATH = "/api/v1/integrations/glitchtip-project-alerts/reconcile";
/** Nobody listens there. */
const AWAY = "http://127.0.0.1:9";
const HOOK = "https://hooks.example.com/canary-webhook-5f1e";

describe.skipIf(!hasValkey)(`requests to the service${noValkey}`, () => {
  let under: ServiceUnderTest;
  let service: RunningService;
  let vault: VaultDouble;
  let receiver: Receiver;
  let tokens: { readonly ci: string; readonly planner: string; readonly other: string };
  let target: Record<string, unknown>;
  const instance = (alerts: readonly object[], more: object = {}) => ({
    name: "one",
    ...target,
    organizations: [{ name: "Acme", projects: [{ name: "Project 00001", slug: "project-00001", alerts }] }],
    ...more,
  });
  const alert = (name: string, more: object = {}) => ({
    name,
    timespan_minutes: 5,
    quantity: 10,
    recipients: [{ recipient_type: "email" }, { recipient_type: "webhook", url: HOOK }],
    ...more,
  });
  const ask = (method: string, path: string, token: string | undefined, body?: unknown, headers = {}) =>
    service.ask(method, path, token, body, headers);
  const result = async (body: unknown, token = tokens.ci) => {
    const posted = await ask("POST", PATH, token, body);
    expect(posted).toMatchObject({ status: 202, body: { status: "pending" } });
    return (await ask("GET", `${posted.body.status_url}?timeout=30`, token)).body;
  };

  beforeAll(async () => {
    under = await startService();
    vault = new VaultDouble();
    const url = await vault.listen();
    const token = under.folders.env.TOKEN_ONE ?? "";
    vault.v2.set("secret/app/one", [{ token, field: "other" }]);
    vault.tokens.set("canary-vault-token", { policy: ["secret/"], madeAt: 0, endsAt: Number.POSITIVE_INFINITY });
    under.folders.env.VAULT_TOKEN = "canary-vault-token";
    const console_url = under.emulators.one?.url ?? "";
    target = { console_url, token: { secret_manager_url: url, path: "secret/app/one", field: "token" } };
    writeFileSync(
      join(under.folders.project, "targets.yaml"),
      JSON.stringify({
        ci: [console_url, AWAY].map((target) => ({ url: target, vault: url, path: "secret/app/one" })),
      }),
    );
    receiver = await startReceiver();
    service = await under.start("--api", "--worker", "--compat", "targets.yaml", "--events", `${receiver.url}/events`);
    const scopes = ["--scope", "plan", "--scope", "apply"];
    tokens = {
      ci: await under.token(...scopes),
      planner: await under.token(),
      other: await under.token("--subject", "other", ...scopes, "--server", "two"),
    };
  });
  afterAll(async () => {
    await vault?.[Symbol.asyncDispose]();
    await receiver?.[Symbol.asyncDispose]();
    await under?.[Symbol.asyncDispose]();
  });

  it("reconciles the alerts of the servers that it brings", async () => {
    const emulator = under.emulators.one;
    const dry = await result({ instances: [instance([alert("errors")])] });
    expect(dry).toMatchObject({ status: "success", applied_actions: [], applied_count: 0, errors: [] });
    const place = { instance: "one", organization: "Acme", project: "project-00001" };
    expect(dry.actions).toEqual([
      { action_type: "create", ...place, alert_name: "errors", changes: expect.any(Array) },
      { action_type: "delete", ...place, alert_name: "alert-1", changes: expect.any(Array) },
    ]);
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "alert-1" }]);

    const jira = "Glitchtip-Jira-Bridge-Integration";
    const board = (name: string) =>
      alert(jira, { recipients: [{ recipient_type: "webhook", url: `https://bridge.example.com/${name}` }] });
    const wet = { instances: [instance([alert("errors"), board("A"), board("B")])], dry_run: false };
    expect(await result(wet)).toMatchObject({ status: "success", applied_count: 3, errors: [] });
    const alerts = emulator?.snapshot().alerts.map(({ name, recipients }) => `${name}: ${recipients}`);
    expect(alerts?.toSorted()).toEqual([`${jira}: 2`, "errors: 2"]);
    expect(await result(wet)).toMatchObject({ status: "success", applied_count: 0, actions: [] });
    // An organization and a project that are not there are left out; the others are reconciled.
    const typo = instance([], { organizations: [{ name: "Acne", projects: [] }] });
    expect(await result({ instances: [typo] })).toMatchObject({
      status: "success",
      actions: [],
      warnings: [expect.stringMatching(/^one: .*Acne/)],
    });
  });

  it("skips what is equal to an apply that is in progress", async () => {
    const emulator = under.emulators.one;
    emulator?.fault({ method: "GET", path: /organizations/, times: 1, effect: { kind: "delay", delayMs: 1_500 } });
    const body = { instances: [instance([alert("from-many")])], dry_run: false };
    const posts = await Promise.all(Array.from({ length: 50 }, () => ask("POST", PATH, tokens.ci, body)));
    const results = await Promise.all(
      posts.map(async ({ body: { status_url } }) => (await ask("GET", `${status_url}?timeout=30`, tokens.ci)).body),
    );
    const skipped = results.filter(({ status }) => status === "skipped");
    expect(skipped).toHaveLength(49);
    expect(skipped[0]).toEqual({
      status: "skipped",
      reason: "duplicate_task",
      actions: [],
      applied_actions: [],
      applied_count: 0,
      errors: [],
      warnings: [],
    });
    expect(results.find(({ status }) => status === "success")).toMatchObject({ errors: [] });
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "from-many" }]);
  });

  it("waits as long as it is asked to, and knows only runs of the same subject", async () => {
    const emulator = under.emulators.one;
    emulator?.fault({ method: "GET", path: /organizations/, times: 1, effect: { kind: "delay", delayMs: 2_500 } });
    const { body } = await ask("POST", `${PATH}?fresh=true`, tokens.ci, { instances: [instance([])] });
    expect(await ask("GET", body.status_url, tokens.ci)).toMatchObject({ status: 200, body: { status: "pending" } });
    expect(await ask("GET", `${body.status_url}?timeout=1`, tokens.ci)).toMatchObject({
      status: 408,
      body: { code: "GC2006", detail: "Task still pending after 1s" },
    });
    for (const timeout of ["0", "301", "abc", "1.5", "-1", ""]) {
      expect((await ask("GET", `${body.status_url}?timeout=${timeout}`, tokens.ci)).status, timeout).toBe(422);
    }
    expect(await ask("GET", body.status_url, tokens.other)).toMatchObject({ status: 404, body: { code: "GC2005" } });
    expect((await ask("GET", `${PATH}/unknown`, tokens.ci)).status).toBe(404);
    expect((await ask("GET", `${body.status_url}?timeout=30`, tokens.ci)).body.status).toBe("success");
  });

  it("are refused with status, code and remedy, and nothing is sent anywhere", async () => {
    const before = under.emulators.one?.requests.length;
    const read = vault.requests.length;
    const good = instance([]);
    const cases: readonly (readonly [string, Parameters<typeof ask>, number, string])[] = [
      ["no token", ["POST", PATH, undefined, { instances: [] }], 401, "GC2001"],
      ["a foreign token", ["POST", PATH, `${tokens.ci}x`, { instances: [] }], 401, "GC2001"],
      ["no scope", ["POST", PATH, tokens.planner, { instances: [good], dry_run: false }], 403, "GC2002"],
      ["another's server", ["POST", PATH, tokens.other, { instances: [good] }], 403, "GC2002"],
      [
        "a target of nobody",
        ["POST", PATH, tokens.ci, { instances: [{ ...good, console_url: "http://169.254.169.254" }] }],
        403,
        "GC2003",
      ],
      [
        "another secret",
        [
          "POST",
          PATH,
          tokens.ci,
          { instances: [{ ...good, token: { ...(target.token as object), path: "secret/app/two" } }] },
        ],
        403,
        "GC2003",
      ],
      ...["http://ci:password@127.0.0.1:9", "http://127.0.0.1:9?a=b", "http://127.0.0.1:9/#b"].flatMap(
        (url): (typeof cases)[number][] => [
          [url, ["POST", PATH, tokens.ci, { instances: [{ ...good, console_url: url }] }], 422, "GC2004"],
          [
            `a Vault at ${url}`,
            [
              "POST",
              PATH,
              tokens.ci,
              { instances: [{ ...good, token: { ...(target.token as object), secret_manager_url: url } }] },
            ],
            422,
            "GC2004",
          ],
        ],
      ),
      ...["http://127.0.0.1:9@evil.example", "http://[::ffff:127.0.0.1]:9", "http://127.0.0.1:9/\\@evil.example"].map(
        (url): (typeof cases)[number] => [
          url,
          ["POST", PATH, tokens.ci, { instances: [{ ...good, console_url: url }] }],
          url.includes("9@") ? 422 : 403,
          url.includes("9@") ? "GC2004" : "GC2003",
        ],
      ),
      ["no body", ["POST", PATH, tokens.ci, undefined], 422, "GC2004"],
      ["an unknown key", ["POST", PATH, tokens.ci, { instances: [], dryRun: true }], 422, "GC2004"],
      ["a wrong type", ["POST", PATH, tokens.ci, { instances: "all" }], 422, "GC2004"],
      ["an instance twice", ["POST", PATH, tokens.ci, { instances: [good, good] }], 422, "GC2004"],
      ["an alert twice", ["POST", PATH, tokens.ci, { instances: [instance([alert("a"), alert("a")])] }], 422, "GC2004"],
      [
        "a project without slug and name",
        ["POST", PATH, tokens.ci, { instances: [instance([], { organizations: [{ name: "Acme", projects: [{}] }] })] }],
        422,
        "GC2004",
      ],
      [
        "a number out of range",
        ["POST", PATH, tokens.ci, { instances: [instance([alert("a", { quantity: 32_768 })])] }],
        422,
        "GC2004",
      ],
      [
        "a webhook without url",
        [
          "POST",
          PATH,
          tokens.ci,
          { instances: [instance([alert("a", { recipients: [{ recipient_type: "webhook" }] })])] },
        ],
        422,
        "GC2004",
      ],
      [
        "an email with url",
        [
          "POST",
          PATH,
          tokens.ci,
          { instances: [instance([alert("a", { recipients: [{ recipient_type: "email", url: HOOK }] })])] },
        ],
        422,
        "GC2004",
      ],
      ["no JSON", ["POST", PATH, tokens.ci, "{instances"], 400, "GC2004"],
      ["another type", ["POST", PATH, tokens.ci, "a: b", { "content-type": "text/yaml" }], 415, "GC2004"],
      ["gzip that lies", ["POST", PATH, tokens.ci, "no gzip", { "content-encoding": "gzip" }], 400, "GC2004"],
      [
        "gzip that is cut",
        ["POST", PATH, tokens.ci, gzipSync('{"instances":[]}').subarray(0, 20), { "content-encoding": "gzip" }],
        400,
        "GC2004",
      ],
      [
        "a bomb",
        ["POST", PATH, tokens.ci, gzipSync(Buffer.alloc(70 * 1_024 * 1_024, " ")), { "content-encoding": "gzip" }],
        413,
        "GC2004",
      ],
      ["another encoding", ["POST", PATH, tokens.ci, "x", { "content-encoding": "br" }], 422, "GC2004"],
      ["a server that is not registered", ["POST", "/api/v1/plan", tokens.ci, { servers: ["tow"] }], 422, "GC1001"],
      ["a long id", ["GET", `${PATH}/${"0".repeat(65)}`, tokens.ci], 422, "GC2004"],
      ["an unknown path", ["GET", "/api/v2", tokens.ci], 404, "GC2005"],
    ];
    for (const [what, asked, status, code] of cases) {
      const answer = await ask(...asked);
      expect(answer, what).toMatchObject({
        status,
        body: { code, message: expect.any(String), remedy: expect.any(String), request_id: expect.any(String) },
      });
      expect(answer.headers.get("www-authenticate") !== null, what).toBe(status === 401);
    }
    expect(under.emulators.one?.requests.length).toBe(before);
    expect(vault.requests.length).toBe(read);
  });

  it("are taken as gzip, also in several members, and keep the id that a client gives", async () => {
    const text = JSON.stringify({ instances: [] });
    const body = Buffer.concat([gzipSync(text.slice(0, 5)), gzipSync(text.slice(5))]);
    const headers = { "content-encoding": "gzip", "x-request-id": "my-request-1" };
    const posted = await ask("POST", PATH, tokens.ci, body, headers);
    expect(posted.status).toBe(202);
    expect(posted.headers.get("x-request-id")).toBe("my-request-1");
    expect((await ask("GET", `${posted.body.status_url}?timeout=30`, tokens.ci)).body).toMatchObject({
      status: "success",
      actions: [],
    });
  });

  it("tells of each failure by itself: a secret that cannot be read, a server that is down", async () => {
    const away = instance([], { name: "two", console_url: AWAY, read_timeout: 1, max_retries: 0 });
    expect(await result({ instances: [away, instance([alert("new")])], dry_run: false })).toMatchObject({
      status: "failed",
      applied_actions: [{ instance: "one", alert_name: "new" }, { instance: "one" }],
      errors: [expect.stringMatching(/^two: .*127\.0\.0\.1:9/)],
    });
    vault.v2.delete("secret/app/one");
    const failed = await result({ instances: [instance([])] });
    expect(failed).toMatchObject({ status: "failed", errors: [expect.stringMatching(/^one: .*secret\/app\/one/)] });
  });

  it("leaves no secret in the queue, its stream, the log and what is posted", () => {
    const posted = receiver.received.map(({ body }) => body).join("\n");
    expect(posted).toContain("glitchtip-compose.alert.create");
    expect(posted).toContain("glitchtip-compose.error");
    const kept = [under.queue.dump(), service.cli.stderr, service.cli.stdout, posted].join("\n");
    expect(kept).toContain("glitchtip-compose:service:run:");
    expect(kept).toContain("glitchtip-compose:service:events");
    for (const secret of [
      HOOK,
      "canary-webhook",
      under.folders.env.TOKEN_ONE,
      "canary-vault-token",
      "canary-service-secret",
      tokens.ci,
    ]) {
      expect(kept).not.toContain(secret);
    }
  });
});
