import { describe, expect, it } from "vitest";
import { loadDeclaration, loadServers } from "../../../src/config/load.ts";
import { problemsIn } from "../../support/declaration-problems.ts";

const HEAD = "version: 1\nserver: {url: https://g.example.com, token: 'env:TOKEN'}\norganization: Acme\n";

const problemsOf = (text: string, load = loadServers) => problemsIn(() => load(text, "g.yaml"));

const recipient = (text: string) => alert(`recipients: [${text}]`);
const alert = (text: string, name = "a") =>
  `{name: ${name}, ${/quantity|uptime/.test(text) ? "" : "quantity: 1, timespanMinutes: 1, "}${text}}`;
const alerts = (...list: readonly string[]) =>
  `${HEAD}projects:\n  shop:\n    alerts:\n${list.map((one) => `      - ${one}\n`).join("")}`;
const webhook = (url: string) => recipient(`{type: webhook, url: '${url}'}`);

describe("the error texts of app-interface", () => {
  it.each([
    [
      alerts(alert("recipients: []", "Glitchtip-Jira-Bridge-Integration")),
      "g.yaml:7:16: projects.shop.alerts.0.name: 'Glitchtip-Jira-Bridge-Integration' alert name is reserved. Please use another name.",
    ],
    [
      alerts(webhook("https://h.example.com"), webhook("https://h.example.com").replace("name: a", "name: b")),
      'g.yaml:8:86: projects.shop.alerts.1.recipients.0.url: Glitchtip project alert webhook URLs must be unique across a project. Do not trigger the same webhook twice. Alert "a" has it.',
    ],
    [
      `${HEAD}projects: {shop: {jira: {labels: [a]}}}\n`,
      "g.yaml:4:19: projects.shop.jira: Jira integration requires either project or escalation policy to be set",
    ],
    [
      alerts(recipient("{type: webhook}")),
      "g.yaml:7:65: projects.shop.alerts.0.recipients.0.url: url must be set for webhook recipients",
    ],
    [
      alerts(recipient("{type: email, url: 'https://x.example.com'}")),
      "g.yaml:7:84: projects.shop.alerts.0.recipients.0.url: url must be empty for email recipients",
    ],
  ])("%#: have the line and column of the mistake", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});

describe("an alert is refused", () => {
  it.each([
    ["two of one name", alerts(alert("recipients: []"), alert("recipients: []")), '"a" is there twice'],
    [
      "a name over 255 characters",
      alerts(alert("recipients: []", "x".repeat(256))),
      "must have at most 255 characters",
    ],
    ["an empty name", alerts(alert("recipients: []", "' '")), "must not be blank"],
    ["a quantity over the column", alerts(alert("quantity: 32768, timespanMinutes: 1")), "must be at most 32767"],
    ["a negative one", alerts(alert("quantity: -1, timespanMinutes: 1")), "must be at least 0"],
    ["a part of one", alerts(alert("quantity: 1.5, timespanMinutes: 1")), "must be a whole number"],
    ["a number as a text", alerts(alert("quantity: '5', timespanMinutes: 1")), 'must be a number, not "5"'],
    ["a quantity without its time", alerts(alert("quantity: 5")), "timespanMinutes: is missing"],
    [
      "a URL over 2000 characters",
      alerts(webhook(`https://h.example.com/${"x".repeat(2000)}`)),
      "must have at most 2000 characters",
    ],
    [
      "a URL of another scheme",
      alerts(webhook("ftp://h.example.com")),
      "must be an http:// or https:// address, or file:PATH, env:NAME",
    ],
    ["a URL that is none", alerts(webhook("hooks.example.com/a")), "must be an http:// or https:// address"],
    [
      "an unknown key",
      alerts(alert("recipients: []").replace("recipients", "recipient")),
      'unknown key; did you mean "recipients"?',
    ],
    ["an unknown type", alerts(recipient("{type: webhok, url: 'https://h.example.com'}")), 'did you mean "webhook"?'],
    [
      "a URL twice in one alert",
      alerts(
        recipient("{type: webhook, url: 'https://h.example.com'}, {type: discord, url: 'https://H.example.com/'}"),
      ),
      "must be unique across a project",
    ],
    [
      "one reference in two alerts",
      alerts(webhook("env:HOOK"), webhook("env:HOOK").replace("name: a", "name: b")),
      "must be unique across a project",
    ],
    [
      "zulip without its bot",
      alerts(recipient("{type: zulip, url: 'https://z.example.com', apiKey: 'env:K', channel: c}")),
      "botEmail: must be set for zulip recipients",
    ],
    [
      "a channel of another type",
      alerts(recipient("{type: discord, url: 'https://z.example.com', channel: c}")),
      "channel: is for zulip recipients, not discord",
    ],
    [
      "an API key in clear",
      alerts(recipient("{type: zulip, url: 'https://z.example.com', botEmail: a@b.c, apiKey: s3cret, channel: c}")),
      "a password itself has no place in this file",
    ],
    ["null recipients, which break the server", alerts(alert("recipients: null")), "must be a list, not nothing"],
  ])("with %s", (_, text, problem) => {
    const problems = problemsOf(text);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toContain("s3cret");
  });

  it.each([
    ["a repeated e-mail", alerts(recipient("{type: email}, {type: email}"))],
    ["0 and 32767", alerts(alert("quantity: 0, timespanMinutes: 32767"))],
    ["null numbers", alerts(alert("quantity: null, timespanMinutes: null"))],
    ["no numbers, where it is for uptime", alerts(alert("uptime: true"))],
    ["a description, which GlitchTip has no place for", alerts(alert("recipients: [], description: why"))],
    ["255 characters that are not Latin", alerts(alert("recipients: []", "ü".repeat(255)))],
    [
      "one URL in two projects",
      alerts(webhook("https://h.example.com")) +
        alerts(webhook("https://h.example.com")).split("projects:\n")[1]?.replace("shop", "jobs"),
    ],
  ])("accepts %s", (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });
});

describe("a monitor is refused", () => {
  const monitor = (text: string) => `${HEAD}projects: {shop: {monitors: [{name: m, ${text}}]}}\n`;

  it.each([
    [
      "of an unknown type, which would break the server's list",
      "type: Carrier, url: 'https://a.example.com'",
      "must be one of Ping, GET",
    ],
    [
      "of a container's name",
      "url: 'http://web:8000/'",
      "no host without a dot: give the service a network alias such as web.internal",
    ],
    ["without an address", "type: GET", "must be set for GET"],
    ["of a port without its number", "type: TCP Port, url: db.example.com", "must be host:port"],
    [
      "a heartbeat with an address",
      "type: Heartbeat, url: 'https://a.example.com'",
      "must be left out for a Heartbeat",
    ],
    ["with a timeout over 60", "url: 'https://a.example.com', timeoutSeconds: 61", "must be at most 60"],
    ["with an interval of 0", "url: 'https://a.example.com', intervalSeconds: 0", "must be at least 1"],
    [
      "without a status for GET",
      "type: GET, url: 'https://a.example.com', expectedStatus: null",
      "must be a number for GET",
    ],
  ])("%s", (_, text, problem) => {
    expect(problemsOf(monitor(text))).toEqual([expect.stringContaining(problem)]);
  });
});

describe("the other contents of a server", () => {
  it.each([
    ["members: [{email: a@b.example}, {email: A@B.example}]", '"a@b.example" is there twice'],
    ["members: [{email: a@b.example, role: king}]", "must be one of member, admin, manager, owner"],
    ["members: [{email: nope}]", "must be an e-mail address"],
    ["teams: [a, a]", '"a" is there twice'],
    ["teams: ['a b']", "must be 1 to 50 letters, digits, - or _"],
    ["manage: alert", 'did you mean "alerts"?'],
    ["prune: yes please", "must be boolean"],
    ["statusPages: [{name: a}, {name: a}]", '"a" is there twice'],
    ["projects: {shop: {slug: Not A Slug!}}", "must be 1 to 50 letters"],
    ["projects: {a: {slug: x}, b: {slug: x}}", '"a" has the slug "x", too'],
    ["projects: {a: {slug: b}, b: }", '"b" has the slug "b", too'],
    ["projects: {shop: {throttle: 101}}", "must be at most 100"],
    [`projects: {shop: {keys: [{label: ${"x".repeat(65)}}]}}`, "must have at most 64 characters"],
    ["projects: {shop: {keys: [{label: a}, {label: a}]}}", '"a" is there twice'],
    ["organizations: {Acme: }", '"Acme" is there twice'],
  ])("%s is refused", (text, problem) => {
    expect(problemsOf(`${HEAD}${text}\n`)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ["timeoutMs: 0", "must be at least 1"],
    ["retries: 21", "must be at most 20"],
    ["jiraBridge: {alertUrl: 'https://b.example.com/?a=1'}", "must be an http:// or https:// address without"],
    ["jiraBridge: {alertUrl: 'https://b.example.com', token: s3cret}", "a password itself has no place in this file"],
  ])("server.%s is refused", (text, problem) => {
    const problems = problemsOf(HEAD.replace("'env:TOKEN'", `'env:TOKEN', ${text}`));
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toContain("s3cret");
  });

  it("reports the mistakes of single fields and those between fields at once, sorted by line", () => {
    const text = alerts(
      alert("quantity: 99999, timespanMinutes: 1"),
      alert("recipients: []", "b"),
      alert("recipients: []", "b"),
    );
    expect(problemsOf(`${text}members: [{email: nope}]\n`)).toEqual([
      expect.stringMatching(/^g\.yaml:7:\d+: projects\.shop\.alerts\.0\.quantity/),
      expect.stringMatching(/^g\.yaml:9:\d+: projects\.shop\.alerts\.2\.name: "b" is there twice/),
      expect.stringMatching(/^g\.yaml:10:\d+: members\.0\.email/),
    ]);
  });
});

describe("several servers", () => {
  const two =
    "version: 1\nservers:\n  prod: {url: https://a.example.com, token: 'env:A', organization: Acme, projects: {shop: }}\n  test: {url: https://b.example.com, token: 'env:B', organizations: {Acme: {projects: {shop: }}, Other: }}\n";

  it("each have the fields that stand at the top for one server", () => {
    const { servers } = loadServers(two, "g.yaml");
    expect(servers).toMatchObject({
      prod: { projects: { shop: {} }, prune: false, timeoutMs: 30_000, retries: 3 },
      test: { organizations: { Acme: { projects: { shop: {} } }, Other: {} } },
    });
  });

  it("exclude those fields at the top", () => {
    expect(problemsOf(`${two}organization: Acme\nmanage: alerts\n`)).toEqual([
      "g.yaml:5:1: organization: stands in each of `servers`, not beside them",
      "g.yaml:6:1: manage: stands in each of `servers`, not beside them",
    ]);
  });

  it("each require an organization, an address and a token", () => {
    expect(problemsOf("version: 1\nservers: {a: {url: https://a.example.com, token: 'env:A'}}\n")).toEqual([
      "g.yaml:2:11: servers.a: names no organization; state `organization`, or `organizations`",
    ]);
    expect(problemsOf("version: 1\nservers: {a: {organization: Acme}}\n")).toEqual([
      "g.yaml:2:11: servers.a.url: is missing",
      "g.yaml:2:11: servers.a.token: is missing",
    ]);
  });

  it("are refused for a stack, which has one server", () => {
    expect(problemsOf(two, loadDeclaration).join("\n")).toMatch(
      /servers: are for plan, apply and pull; a stack has one `server`/,
    );
  });
});
