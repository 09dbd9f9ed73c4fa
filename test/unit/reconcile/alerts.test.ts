import { describe, expect, it } from "vitest";
import { acme, alert, HEAD, lines, plan, project } from "../../support/planning.ts";

const shop = (alerts: string, more = "") => `${HEAD}${more}projects: {shop: {alerts: ${alerts}}}\n`;
const with_ = (recipients: string, name = "errors") =>
  `{name: ${name}, quantity: 100, timespanMinutes: 60, recipients: ${recipients}}`;
const EMAIL = with_("[{type: email}]");
const onServer = (...alerts: readonly ReturnType<typeof alert>[]) => acme([project("shop", { alerts })]);
const hooked = (url: string, over = {}) => alert("errors", { recipients: [{ type: "webhook", url }], ...over });

describe("the alerts of a project", () => {
  it("needs no action for an alert that is as declared", async () => {
    expect(lines(await plan(shop(`[${EMAIL}]`), onServer(alert("errors"))))).toEqual([]);
  });

  it("creates a missing alert with all its fields", async () => {
    const { actions } = await plan(shop(`[${EMAIL}]`), onServer());
    expect(actions).toMatchObject([
      {
        type: "create",
        instance: "prod",
        organization: "Acme",
        project: "shop",
        name: "errors",
        changes: [
          { field: "timespanMinutes", to: 60 },
          { field: "quantity", to: 100 },
          { field: "uptime", to: false },
          { field: "recipients", to: ["email"] },
        ],
        at: { organizationSlug: "acme", projectSlug: "shop" },
      },
    ]);
  });

  it("updates an alert that differs by its id, shows old and new values, and sends the whole state", async () => {
    const { actions } = await plan(shop(`[${EMAIL}]`), onServer(alert("errors", { id: "42", quantity: 50 })));
    expect(actions).toMatchObject([
      {
        type: "update",
        id: "42",
        changes: [{ field: "quantity", from: 50, to: 100 }],
        desired: { name: "errors", quantity: 100, timespanMinutes: 60, uptime: false, recipients: [{ type: "email" }] },
      },
    ]);
  });

  it("reports an undeclared alert without prune, and deletes it by id with prune", async () => {
    const observed = onServer(alert("old", { id: "7" }));
    const told = await plan(shop("[]"), observed);
    expect(lines(told)).toEqual([]);
    expect(told.undeclared).toMatchObject([{ kind: "alert", project: "shop", name: "old", id: "7" }]);
    expect((await plan(shop("[]", "prune: true\n"), observed)).actions).toMatchObject([{ type: "delete", id: "7" }]);
  });

  it("leaves the alerts of a project alone that declares none", async () => {
    const { actions, undeclared } = await plan(`${HEAD}prune: true\nprojects: {shop: }\n`, onServer(alert("mine")));
    expect([actions, undeclared]).toEqual([[], []]);
  });

  it("sorts actions by type and name, in whatever order alerts are declared", async () => {
    const declared = `[${["z", "b", "y", "a"].map((name) => with_("[{type: email}]", name))}]`;
    const observed = onServer(alert("m"), alert("a", { id: "2", quantity: 1 }), alert("b", { id: "3", quantity: 1 }));
    expect(lines(await plan(shop(declared, "prune: true\n"), observed))).toEqual([
      "create alert shop y",
      "create alert shop z",
      "update alert shop a",
      "update alert shop b",
      "delete alert shop m",
    ]);
  });

  it("creates a renamed alert under the new name and deletes the old one", async () => {
    expect(lines(await plan(shop(`[${EMAIL}]`, "prune: true\n"), onServer(alert("faults"))))).toEqual([
      "create alert shop errors",
      "delete alert shop faults",
    ]);
  });
});

describe("recipients", () => {
  const BOTH = "[{type: email}, {type: webhook, url: 'https://h.example.com/a'}]";

  it("compares recipients as a set, because the server returns them in any order", async () => {
    const webhook = { type: "webhook", url: "https://h.example.com/a" };
    const observed = onServer(alert("errors", { recipients: [webhook, { type: "email", url: "" }] }));
    expect(lines(await plan(shop(`[${with_(BOTH)}]`), observed))).toEqual([]);
  });

  it.each([
    ["https://example.com", "https://example.com/"],
    ["HTTPS://Hooks.Example.com:443", "https://hooks.example.com/"],
    ["https://büro.example/pfad?q=ä b", "https://xn--bro-hoa.example/pfad?q=%C3%A4%20b"],
    ["http://h.example.com:80/x y", "http://h.example.com/x%20y"],
  ])("%s is what the server stores as %s", async (declared, stored) => {
    expect(
      lines(await plan(shop(`[${with_(`[{type: webhook, url: '${declared}'}]`)}]`), onServer(hooked(stored)))),
    ).toEqual([]);
  });

  it.each([
    ["type", "{type: discord, url: 'https://h.example.com/a'}"],
    ["url", "{type: webhook, url: 'https://h.example.com/b'}"],
  ])("of another %s are other ones", async (_, recipient) => {
    expect(
      lines(await plan(shop(`[${with_(`[${recipient}]`)}]`), onServer(hooked("https://h.example.com/a")))),
    ).toEqual(["update alert shop errors"]);
  });

  it("sends a recipient once that is declared twice", async () => {
    const { actions } = await plan(shop(`[${with_("[{type: email}, {type: email}]")}]`), onServer());
    expect(actions).toMatchObject([{ desired: { recipients: [{ type: "email" }] } }]);
    expect(JSON.stringify(actions).match(/"type":"email"/g)).toHaveLength(1);
  });

  it("warns when the last recipient is removed, because GlitchTip then mails the whole team", async () => {
    const { actions } = await plan(shop(`[${with_("[]")}]`), onServer(alert("errors")));
    expect(actions).toMatchObject([{ type: "update", warning: expect.stringContaining("mails the whole team") }]);
  });

  it("shows a URL in full where the declaration has it in clear text, otherwise only scheme and host", async () => {
    const declared = `[${with_("[{type: webhook, url: 'https://h.example.com/new'}, {type: discord, url: 'env:HOOK'}]")}]`;
    const { actions } = await plan(shop(declared), onServer(hooked("https://h.example.com/T0/B1/s3cret")));
    expect(actions[0]?.changes).toEqual([
      {
        field: "recipients",
        from: ["webhook https://h.example.com/[secret]"],
        to: ["discord https://secret.example.com/[secret]", "webhook https://h.example.com/new"],
      },
    ]);
    expect(JSON.stringify(actions)).not.toMatch(/s3cret|env:HOOK/);
  });

  it("plans an update where only a recipient's secret changed", async () => {
    const declared = `[${with_("[{type: webhook, url: 'env:HOOK'}]")}]`;
    const secrets = { "env:HOOK": "https://h.example.com/new" };
    const { actions } = await plan(shop(declared), onServer(hooked("https://h.example.com/old")), { secrets });
    expect(actions[0]?.changes).toMatchObject([
      {
        from: ["webhook https://h.example.com/[secret]"],
        to: ["webhook https://h.example.com/[secret]", "(other secrets)"],
      },
    ]);
  });

  it("accepts recipients of an unknown type, and can remove them", async () => {
    const observed = onServer(
      alert("odd", { recipients: [{ type: "pigeon", url: "x" }] }),
      alert("errors", { id: "2", recipients: [{ type: "pigeon", url: "x" }] }),
    );
    expect(lines(await plan(shop(`[${EMAIL}]`, "prune: true\n"), observed))).toEqual([
      "update alert shop errors",
      "delete alert shop odd",
    ]);
  });

  it("corrects an e-mail recipient that has a URL on the server", async () => {
    const observed = onServer(alert("errors", { recipients: [{ type: "email", url: "https://x.example/" }] }));
    expect(lines(await plan(shop(`[${EMAIL}]`), observed))).toEqual(["update alert shop errors"]);
  });

  it.each([
    ["4.1", "teams"],
    ["5.1", "ntfy"],
    ["5.2", "feishu"],
  ] as const)(
    "of GlitchTip %s are none of type %s: that alert is refused, the others go on",
    async (generation, type) => {
      const declared = `[${with_(`[{type: ${type}, url: 'https://h.example.com'}]`, "odd")}, ${EMAIL}]`;
      const { errors, ...rest } = await plan(shop(declared), onServer(), { generation });
      expect(lines({ errors, ...rest })).toEqual(["create alert shop errors"]);
      expect(errors).toMatchObject([
        { message: expect.stringContaining(`knows no recipients of type ${type}, only email`) },
      ]);
    },
  );

  it("does not report an alert as undeclared when its declaration cannot be planned", async () => {
    const declared = `[${with_("[{type: ntfy, url: 'https://h.example.com'}]")}]`;
    expect(lines(await plan(shop(declared, "prune: true\n"), onServer(alert("errors"))))).toEqual([]);
  });

  it("sends bot, key, channel and topic of a zulip recipient, and compares them", async () => {
    const zulip = "{type: zulip, url: 'https://z.example.com', botEmail: b@x.y, apiKey: 'env:KEY', channel: c}";
    const config = { bot_email: "b@x.y", api_key: "k", channel: "c", topic: "GlitchTip Alerts" };
    const there = (over = {}) =>
      onServer(
        alert("errors", {
          recipients: [{ type: "zulip", url: "https://z.example.com/", config: { ...config, ...over } }],
        }),
      );
    const options = { generation: "6", secrets: { "env:KEY": "k" } } as const;
    expect(lines(await plan(shop(`[${with_(`[${zulip}]`)}]`), there(), options))).toEqual([]);
    expect(lines(await plan(shop(`[${with_(`[${zulip}]`)}]`), there({ api_key: "old" }), options))).toEqual([
      "update alert shop errors",
    ]);
  });
});

describe("private addresses", () => {
  const declared = (url: string, more = "") => shop(`[${with_(`[{type: webhook, url: '${url}'}]`)}]`, more);

  it.each([
    "http://10.0.0.1/x",
    "http://localhost/",
    "http://relay:9000/",
    "http://[fd00::1]/",
    "http://[::ffff:192.168.0.1]/",
    "http://169.254.169.254/",
  ])("such as %s are refused beforehand for 6, with the setting's name", async (url) => {
    const { actions, errors } = await plan(declared(url), onServer(), { generation: "6" });
    expect(actions).toEqual([]);
    expect(errors).toMatchObject([
      { project: "shop", message: expect.stringContaining("GLITCHTIP_ALLOW_PRIVATE_IPS=true") },
    ]);
  });

  it.each(["4.1", "5.1", "5.2"] as const)("are accepted by %s", async (generation) => {
    expect(lines(await plan(declared("http://10.0.0.1/x"), onServer(), { generation }))).toEqual([
      "create alert shop errors",
    ]);
  });

  it("are accepted where the declaration allows them, or where the server has them already", async () => {
    const allowed = declared("http://10.0.0.1/x").replace(
      "token: 'env:TOKEN'",
      "token: 'env:TOKEN', allowPrivateAddresses: true",
    );
    expect(lines(await plan(allowed, onServer(), { generation: "6" }))).toEqual(["create alert shop errors"]);
    const there = onServer(hooked("http://10.0.0.1/x", { quantity: 1 }));
    expect(lines(await plan(declared("http://10.0.0.1/x"), there, { generation: "6" }))).toEqual([
      "update alert shop errors",
    ]);
  });
});

describe("unusual alerts on the server", () => {
  it("accepts an uptime alert without numbers, declared or not", async () => {
    const up = alert("up", { timespanMinutes: null, quantity: null, uptime: true });
    expect(lines(await plan(shop("[{name: up, uptime: true, recipients: [{type: email}]}]"), onServer(up)))).toEqual(
      [],
    );
    expect((await plan(shop("[]"), onServer(up))).undeclared).toMatchObject([{ name: "up" }]);
  });

  it("deletes two alerts without a name in one run, by id", async () => {
    const { actions } = await plan(
      shop("[]", "prune: true\n"),
      onServer(alert("", { id: "10" }), alert("", { id: "9" })),
    );
    expect(actions).toMatchObject([
      { type: "delete", name: "", id: "9" },
      { type: "delete", name: "", id: "10" },
    ]);
  });

  it("keeps the one as declared of several with the same name, and reports the others with their ids", async () => {
    const observed = onServer(alert("errors", { id: "3", quantity: 5 }), alert("errors", { id: "11" }));
    const { actions, undeclared } = await plan(shop(`[${EMAIL}]`), observed);
    expect(actions).toEqual([]);
    expect(undeclared).toMatchObject([{ id: "3", note: "number 3 has the name of another alert; number 11 is kept" }]);
  });

  it("keeps the lowest id of several with the same name that all differ", async () => {
    const observed = [alert("errors", { id: "10", quantity: 5 }), alert("errors", { id: "9", quantity: 6 })];
    for (const alerts of [observed, observed.toReversed()]) {
      expect((await plan(shop(`[${EMAIL}]`), onServer(...alerts))).actions).toMatchObject([
        { type: "update", id: "9" },
      ]);
    }
  });

  it("completes an alert without recipients that a failed create left behind", async () => {
    const { actions } = await plan(shop(`[${EMAIL}]`), onServer(alert("errors", { recipients: [] })));
    expect(actions).toMatchObject([{ type: "update", changes: [{ field: "recipients", from: [], to: ["email"] }] }]);
  });

  it("deletes it even without prune where the complete alert exists", async () => {
    const observed = onServer(alert("errors"), alert("errors", { id: "5", recipients: [] }));
    const { actions } = await plan(shop(`[${EMAIL}]`), observed);
    expect(actions).toMatchObject([{ type: "delete", id: "5", warning: expect.stringContaining("failed create") }]);
  });
});
