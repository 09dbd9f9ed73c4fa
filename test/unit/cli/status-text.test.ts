import { expect, it } from "vitest";
import type { StackStatus } from "../../../src/checks/index.ts";
import { statusText } from "../../../src/cli/commands/status.ts";
import { noAppText } from "../../../src/cli/commands/verify.ts";
import { paintFor } from "../../../src/cli/screen.ts";
import { readUserCompose } from "../../../src/compose/read.ts";

const MIB = 1024 * 1024;
const paint = paintFor({ env: {}, json: false }, false);
const service = (name: string) => ({ service: name, state: "running" as const, sinceMs: 0 });

const STATUS: StackStatus = {
  project: "shop",
  state: "ok",
  services: [service("web"), service("glitchtip")],
  apps: [],
  next: [],
  resources: {
    memory: [
      { service: "web", usedBytes: 20 * MIB, limitBytes: 8192 * MIB, limited: false },
      { service: "glitchtip", usedBytes: 200 * MIB, limitBytes: 512 * MIB, limited: true },
    ],
  },
};

const text = (more: Partial<StackStatus> = {}) => statusText({ ...STATUS, ...more }, { nowMs: 1_000, paint });

it("status shows the memory of a container without a limit as such, not as a part of the host's", () => {
  expect(text()).toMatch(/^web .* 20 MiB \(no limit\)$/m);
  expect(text()).toMatch(/^glitchtip .* 200 MiB of 512 MiB$/m);
});

it("status leaves out the jobs of a server that keeps none in the database", () => {
  const jobs = (reason: string) => text({ jobs: { known: false, stuck: false, reason } });
  expect(jobs("this server keeps no jobs in the database")).not.toContain("jobs");
  expect(jobs("the database is not running")).toContain("jobs: unknown: the database is not running");
});

it("verify without an app says how to declare one", () => {
  expect(noAppText({})).toBe(
    "no app is declared; next: npx glitchtip-compose add dev --host --project shop --dotenv .env.local",
  );
  const only = { db: { image: "postgres:18" } };
  expect(
    noAppText(readUserCompose([{ path: "compose.yaml", text: JSON.stringify({ services: only }) }]).services),
  ).toBe(noAppText({}));
  const services = { db: { image: "postgres:18" }, web: { image: "shop/web" } };
  expect(noAppText(readUserCompose([{ path: "compose.yaml", text: JSON.stringify({ services }) }]).services)).toBe(
    "no app is declared; next: npx glitchtip-compose add web",
  );
});
