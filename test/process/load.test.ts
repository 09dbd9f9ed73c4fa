import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/wait.ts";
import { type LoadOptions, runLoad } from "../../src/checks/load/load.ts";
import { type Emulator, type Fault, startEmulator } from "../../src/emulator/index.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { observeStack } from "../../src/running/observe.ts";
import { startServer } from "../support/emulator.ts";
import { answers, container, fakeDocker } from "../support/fake-docker.ts";
import { ADMIN, hastyClock, provisionOnce, temporaryFolders } from "../support/provisioning.ts";

const CONTAINERS = ["glitchtip", "glitchtip-db", "glitchtip-provision", "api"].map((service) => container(service));
const AMOUNT: LoadOptions = { events: 30, concurrency: 4, project: "shop-api", keep: false };

/** A stack whose GlitchTip is the emulator and whose engine reports the given memory. */
function engineOf(state: string, stats: readonly string[] = []) {
  let looked = 0;
  return fakeDocker({
    containers: CONTAINERS,
    files: { "id-glitchtip-provision:/state/state.json": state },
    cli: async ([command]) => {
      expect(command).toBe("stats");
      return answers({ stdout: stats[Math.min(looked++, stats.length - 1)] ?? "" });
    },
  });
}

async function loaded(
  emulator: Emulator,
  options: Partial<LoadOptions> = {},
  rules: readonly Fault[] = [],
  said: string[] = [],
) {
  using folders = temporaryFolders();
  await provisionOnce(emulator.url, folders);
  const state = readFileSync(join(folders.state, "state.json"), "utf8");
  const docker = engineOf(state, [
    "id-glitchtip 178.5MiB / 512MiB\nid-glitchtip-db 1.5GiB / 2GiB",
    "id-glitchtip 80MiB / 512MiB",
  ]);
  const transport = openTransport(openNodeHttp, emulator.url, { connections: 8 });
  for (const rule of rules) emulator.fault(rule);
  try {
    const report = await runLoad(
      {
        docker,
        stack: await observeStack(docker),
        transport,
        clock: rules.length === 0 ? systemClock : hastyClock(emulator),
        signal: new AbortController().signal,
        say: (text) => said.push(text),
      },
      { ...AMOUNT, ...options },
    );
    return { report, said };
  } finally {
    emulator.clearFaults();
    await transport.close();
  }
}

describe.each(GENERATIONS)("a load on generation %s", (generation) => {
  const start = () => startEmulator({ generation, superuser: ADMIN, processingDelayMs: 50 });

  it("is accepted and read back completely, and leaves nothing behind", async () => {
    await using emulator = await start();
    const { report, said } = await loaded(emulator);
    expect(report).toMatchObject({ sent: 30, accepted: 30, notAccepted: {}, lost: [], storedMs: expect.any(Number) });
    expect(said).toContain("30 events were accepted; waiting until they can be read");
    emulator.advance(1_000);
    expect(emulator.snapshot().issues.filter(({ title }) => title.includes(report.title))).toEqual([]);
  });

  it("keeps its events as one issue where that is wanted", async () => {
    await using emulator = await start();
    const { report } = await loaded(emulator, { events: 120, keep: true });
    const { issues, events } = emulator.snapshot();
    expect(issues.filter(({ title }) => title.includes(report.title))).toMatchObject([
      { project: "shop-api", count: 120 },
    ]);
    expect(events.filter(({ title }) => title.includes(report.title))).toHaveLength(120);
  });
});

describe("a load", () => {
  const start = () => startServer();
  const envelope = /\/envelope\//;

  it("counts events that are not accepted by their status, and retries none", async () => {
    await using emulator = await start();
    const { report } = await loaded(emulator, {}, [
      { path: envelope, times: 3, effect: { kind: "rate-limit" } },
      { path: envelope, nth: 4, times: 2, effect: { kind: "answer", status: 503 } },
      { path: envelope, nth: 6, effect: { kind: "reset" } },
    ]);
    expect(report).toMatchObject({ sent: 30, accepted: 24, notAccepted: { 429: 3, 503: 2, "no answer": 1 }, lost: [] });
  });

  it("says what was not accepted, and removes its issue also where the events cannot be read", async () => {
    await using emulator = await start();
    const said: string[] = [];
    const failing = loaded(
      emulator,
      {},
      [
        { path: envelope, times: 3, effect: { kind: "rate-limit" } },
        {
          path: /issues\/\d+\/events\//,
          times: Infinity,
          effect: { kind: "answer", status: 200, body: [{}, {}, {}, {}, {}] },
        },
      ],
      said,
    );
    await expect(failing).rejects.toMatchObject({
      code: "GC1202",
      message: expect.stringMatching(/lacks or mistypes 0\.id, 1\.id, 2\.id and 2 more$/),
    });
    expect(said).toContain("27 events were accepted, others were not (429: 3); waiting until they can be read");
    emulator.advance(1_000);
    expect(emulator.snapshot().issues).toEqual([]);
  });

  it("names each event that was accepted and never stored", async () => {
    await using emulator = await start();
    const body = { id: "x" };
    const { report } = await loaded(emulator, {}, [
      { path: envelope, times: 2, effect: { kind: "answer", status: 200, body, acted: false } },
    ]);
    expect(report.accepted).toBe(30);
    expect(report.lost).toHaveLength(2);
    expect(report).not.toHaveProperty("storedMs");
  });

  it("reports the highest memory of each of the stack's containers, beside its limit", async () => {
    await using emulator = await start();
    const { report } = await loaded(emulator);
    expect(report.memory).toEqual([
      { service: "glitchtip", highestMib: 179, limitMib: 512 },
      { service: "glitchtip-db", highestMib: 1536, limitMib: 2048 },
    ]);
  });

  it("tells what to do where the provisioner does not know the project", async () => {
    await using emulator = await start();
    await expect(loaded(emulator, { project: "billing" })).rejects.toMatchObject({
      code: "GC1605",
      remedy: "docker compose up -d --wait",
    });
  });
});

it("connects to another host and port under the server's own name", async () => {
  const hosts: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    hosts.push(request.headers.host);
    response.end("{}");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const transport = openTransport(openNodeHttp, "http://errors.example.com", {
    connectTo: { host: "127.0.0.1", port },
  });
  try {
    await transport.send({ method: "GET", path: "/", headers: {} }, new AbortController().signal);
  } finally {
    await transport.close();
    server.close();
  }
  expect(hosts).toEqual(["errors.example.com"]);
});
