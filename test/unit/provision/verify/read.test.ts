import { describe, expect, it } from "vitest";
import type { Compose } from "../../../../src/docker/index.ts";
import type { ReadBackLine } from "../../../../src/provision/read-back.ts";
import { provisionerReader } from "../../../../src/provision/verify/read.ts";
import { answers, fakeDocker } from "../../../support/fake-docker.ts";

const EVENTS = [{ app: "api", eventId: "a".repeat(32), mark: "m" }];
const FOUND: ReadBackLine = { app: "api", eventId: "a".repeat(32), found: true, project: "shop-api", at: 1_000 };

async function read(run: Compose["run"], signal = new AbortController().signal) {
  const lines: ReadBackLine[] = [];
  const reader = provisionerReader(fakeDocker({ compose: { run } }), 60_000);
  const error = await reader(EVENTS, (line) => lines.push(line), signal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { lines, error };
}

describe("reading events back", () => {
  it("asks a provisioner container, and reports each answer as it comes", async () => {
    let asked: unknown;
    const { lines, error } = await read(async (service, args, options = {}) => {
      asked = [service, ...args, options.entrypoint, JSON.parse(options.stdin ?? "")];
      options.onStdoutLine?.("Container shop-run Created");
      options.onStdoutLine?.(JSON.stringify(FOUND));
      return answers();
    });
    expect(asked).toEqual([
      "glitchtip-provision",
      "/opt/glitchtip-compose/provisioner.mjs",
      "read-back",
      "node",
      { withinMs: 60_000, resolve: true, events: EVENTS },
    ]);
    expect(lines).toEqual([FOUND]);
    expect(error).toBeUndefined();
  });

  it("fails with the container's last lines when it ends without an answer", async () => {
    const stderr = "error GC1304: the provisioner has not finished yet\n  → docker compose up -d --wait\n";
    const { error } = await read(async () => answers({ code: 1, stderr }));
    expect(error).toMatchObject({ code: "GC1605", problems: stderr.trimEnd().split("\n") });
  });

  it("ends quietly when nobody waits any more", async () => {
    const stop = new AbortController();
    const { error } = await read(async () => {
      stop.abort();
      throw stop.signal.reason;
    }, stop.signal);
    expect(error).toBeUndefined();
  });
});
