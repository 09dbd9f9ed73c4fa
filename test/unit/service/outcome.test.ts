import { expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { type Report, serversIn } from "../../../src/management/index.ts";
import { openMetrics } from "../../../src/service/metrics.ts";
import { afterRun } from "../../../src/service/outcome.ts";
import type { RunRecord } from "../../../src/service/run-store.ts";
import { openServerStates } from "../../../src/service/server-states.ts";
import { startReceiver } from "../../support/receiver.ts";
import { memoryStore } from "../../support/service-api.ts";

type ReportedAction = Report["actions"][number];

const DECLARED = `version: 1
servers: {prod: {url: https://errors.example.com, token: env:TOKEN, organization: J4}}
notify: [{type: json, url: env:CHANNEL, events: [drift]}]
`;

const action = (
  action_type: ReportedAction["action_type"],
  kind: ReportedAction["kind"],
  name: string,
  more: Partial<ReportedAction> = {},
): ReportedAction => ({ action_type, instance: "prod", organization: "J4", kind, name, changes: [], ...more });

const problem = { instance: "prod", message: "the token was refused", code: "GC1304" };

it("the channels read how the server differs from its declaration, and when it does not any more", async () => {
  await using receiver = await startReceiver();
  const engine = { store: memoryStore(), key: (...parts: readonly string[]) => parts.join(":") };
  const servers = serversIn("/", "glitchtip.yaml", DECLARED);
  const context = {
    engine,
    clock: systemClock,
    signal: new AbortController().signal,
    metrics: openMetrics(),
    sink: undefined,
    onError: () => {},
    env: { CHANNEL: `${receiver.url}/channel` },
    registry: { read: () => ({ servers, broken: [] }), signature: () => "" },
    states: openServerStates(engine),
    log: silentLog,
  };
  const told = async (kind: RunRecord["kind"], more: Partial<Report>) => {
    const report = {
      status: "success",
      actions: [],
      applied_actions: [],
      applied_count: 0,
      errors: [],
      problems: [],
      warnings: [],
      undeclared: [],
      ...more,
    } as const;
    const before = receiver.received.length;
    await afterRun(context, {
      id: "run-1",
      kind,
      state: "success",
      subject: null,
      servers: ["prod"],
      strict: false,
      fresh: true,
      createdAtMs: 0,
      report,
    });
    return receiver.received.slice(before).map(({ body }) => JSON.parse(body));
  };
  expect(await told("plan", { actions: [action("create", "alert", "my alert", { project: "shop" })] })).toMatchObject([
    {
      event: "drift",
      about: "prod",
      instance: "prod",
      state: "drift",
      title: "the server differs from its declaration: 1 change",
      lines: ['missing on the server: alert "my alert" of J4/shop (apply creates it)'],
    },
  ]);
  const changes = [
    { field: "quantity", from: 5, to: 7 },
    { field: "timespanMinutes", from: 1, to: 3 },
  ];
  const actions = [
    action("create", "organization", "J4"),
    action("create", "project", "shop", { project: "shop" }),
    action("update", "alert", "errors", { project: "shop", changes }),
    action("delete", "monitor", "site", { project: "shop" }),
    action("delete", "project", "old", { project: "old" }),
  ];
  const lines = [
    'missing on the server: organization "J4" (apply creates it)',
    'missing on the server: project "shop" of J4 (apply creates it)',
    'different on the server: alert "errors" of J4/shop: quantity, timespanMinutes (apply changes it)',
    'not declared: monitor "site" of J4/shop (apply deletes it)',
    'not declared: project "old" of J4 (apply --confirm deletes it)',
  ];
  expect(await told("plan", { actions })).toMatchObject([
    { title: "the server differs from its declaration: 5 changes", lines },
  ]);
  // What an apply has applied does not differ any more.
  expect(await told("apply", { actions, applied_actions: actions.slice(0, 2) })).toMatchObject([
    { state: "drift", title: "the server differs from its declaration: 3 changes", lines: lines.slice(2) },
  ]);
  expect(await told("apply", { problems: [problem] })).toMatchObject([
    { state: "failed", title: "the apply failed", lines: ["GC1304: the token was refused"] },
  ]);
  expect(await told("plan", {})).toMatchObject([
    { state: "over", title: "the server is in sync with its declaration again", lines: [] },
  ]);
});
