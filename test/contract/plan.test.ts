import { describe, expect, it } from "vitest";
import { loadServers } from "../../src/config/load.ts";
import { alertShape } from "../../src/glitchtip/wire/alert.ts";
import { monitorShape } from "../../src/glitchtip/wire/managed.ts";
import { listOf, type Shape } from "../../src/glitchtip/wire/shape.ts";
import { desiredServers } from "../../src/reconcile/from-declaration.ts";
import { observedMonitor } from "../../src/reconcile/index.ts";
import { lines, organization, plan, project } from "../support/planning.ts";
import { RECORDINGS, type Recorded } from "./recorded.ts";

type Json = Readonly<Record<string, unknown>>;

/** Returns the sent alert as a declaration; undefined if no declaration can express it. */
function declared(kind: "alerts" | "monitors", values: Json): string | undefined {
  const text = JSON.stringify({
    version: 1,
    server: { url: "https://g.example.com", token: "env:T" },
    organization: "Acme",
    projects: { shop: { [kind]: [values] } },
  });
  try {
    desiredServers(loadServers(text, "g.yaml"), "prod");
    return text;
  } catch {
    return undefined;
  }
}

const asAlert = ({ alertRecipients, ...rest }: Json): Json => ({
  uptime: false,
  ...rest,
  recipients: ((alertRecipients ?? []) as Json[]).map(({ recipientType, ...recipient }) => ({
    type: recipientType,
    ...recipient,
  })),
});

const asMonitor = ({ monitorType, interval, timeout, project: _, ...rest }: Json): Json => ({
  ...rest,
  type: monitorType,
  intervalSeconds: interval,
  timeoutSeconds: timeout,
});

const accepted = (recorded: readonly Recorded[], path: RegExp) =>
  recorded.filter(({ method, path: asked, answer }) => method === "POST" && path.test(asked) && answer.status === 201);

function parse<T>(shape: Shape<T>, value: unknown): T {
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  throw new Error(`wrong at ${read.error.issues.map(({ path }) => path.join(".")).join(", ")}`);
}

describe.each(RECORDINGS)("what a server of $generation stored after a request", ({ generation, recorded }) => {
  it("does not differ from the same declaration: alerts", async () => {
    const seen: string[] = [];
    for (const { step, sent, answer } of accepted(recorded, /\/alerts\/$/)) {
      const text = declared("alerts", asAlert(sent as Json));
      if (text === undefined) continue;
      const alerts = [parse(alertShape, answer.body)];
      const server = { organizations: [organization([project("shop", { alerts })])] };
      const { errors, ...rest } = await plan(text, server, { generation });
      // 4.1 accepts tags and ignores them, so the declaration is refused (alerts: "tags to add").
      if (generation === "4.1" && step === "tags to add") continue;
      expect([step, lines({ errors, ...rest }), errors]).toEqual([step, [], []]);
      seen.push(step);
    }
    expect(seen).toEqual(
      expect.arrayContaining(["url without a path is normalised", "international host name", "discord"]),
    );
  });

  it("does not differ from the same declaration: monitors", async () => {
    const seen: string[] = [];
    for (const { step, sent, answer } of accepted(recorded, /\/monitors\/$/)) {
      const text = declared("monitors", asMonitor(sent as Json));
      if (text === undefined) continue;
      const monitors = [{ ...observedMonitor(parse(monitorShape, answer.body)), projectId: "1" }];
      const server = { organizations: [organization([project("shop")], { monitors })] };
      expect([step, lines(await plan(text, server, { generation }))]).toEqual([step, []]);
      seen.push(step);
    }
    expect(seen).toEqual(expect.arrayContaining(["create a ping", "TCP port", "TLS", "heartbeat"]));
  });

  it("can be declared or deleted by its id, invalid alerts included", async () => {
    const list = recorded.find(({ scenario, step }) => scenario === "alerts" && step === "list");
    const alerts = parse(listOf(alertShape), list?.answer.body);
    const server = { organizations: [organization([project("shop", { alerts })])] };
    const text = declared("alerts", { name: "twice", uptime: true, recipients: [{ type: "email" }] }) ?? "";
    const { actions } = await plan(text.replace("{", '{"prune":true,'), server, { generation });
    const [filled, ...deleted] = actions;
    // The alert that a 500 left behind gets its recipients (alerts: "same webhook twice in one alert").
    expect(filled).toMatchObject({
      type: "update",
      name: "twice",
      changes: [{}, {}, {}, { field: "recipients", from: [] }],
    });
    const ids = alerts.filter(({ name }) => name !== "twice").map(({ id }) => id);
    expect(deleted.map((action) => "id" in action && action.id).sort()).toEqual(ids.sort());
  });
});
