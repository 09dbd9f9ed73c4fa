import { expect, it } from "vitest";
import type { StackStatus } from "../../../src/checks/index.ts";
import { addressTable } from "../../../src/cli/addresses.ts";
import { statusText } from "../../../src/cli/commands/status.ts";
import { eventPage, issuesPage } from "../../../src/glitchtip/address.ts";
import { issuePagesOf } from "../../../src/running/index.ts";

const URL = "http://localhost:8000";

it("the table has each address on a row, and leaves out what nobody knows", () => {
  const issues = issuesPage(`${URL}/`, "acme", "3");
  const shown = addressTable({
    url: URL,
    admin: { email: "a@example.com", passwordCommand: "npx glitchtip-compose password" },
    sampleUrl: "http://localhost:3000",
    apps: [{ app: "api", issues, event: eventPage(URL, "acme", "7", "e1") }, { app: "late" }],
  });
  expect(shown).toBe(
    [
      "GlitchTip      http://localhost:8000",
      "  sign in as   a@example.com",
      "  password     npx glitchtip-compose password",
      "issues of api  http://localhost:8000/acme/issues?project=3",
      "  the event    http://localhost:8000/acme/issues/7/events/e1",
      "sample app     http://localhost:3000  (an error: http://localhost:3000/error)",
    ].join("\n"),
  );
  expect(addressTable({ apps: [{ app: "late" }] })).toBe("");
});

it("an app's page follows from what the provisioner wrote", () => {
  const app = { project: "shop", projectId: "3", variables: {}, dsn: "proved" } as const;
  const written = { version: 1, state: "ok", at: "2026-11-21T08:00:00Z", apps: { api: app } } as const;
  expect(issuePagesOf({ ...written, organization: "acme" }, URL)).toEqual({ api: `${URL}/acme/issues?project=3` });
  for (const pages of [issuePagesOf(undefined, URL), issuePagesOf(written, URL)]) expect(pages).toEqual({});
});

it("status begins with the verdict and what to do, and one-shots that are done share a row", () => {
  const ended = (service: string, exitCode: number) => ({
    service,
    state: "exited",
    exitCode,
    ...(exitCode === 0 ? {} : { problem: `ended with exit code ${exitCode}` }),
  });
  const found: StackStatus = {
    project: "shop",
    state: "broken",
    url: URL,
    version: "6.0.1",
    services: [ended("glitchtip-setup", 0), ended("glitchtip-init", 0), ended("glitchtip-provision", 1)],
    apps: [{ app: "api", project: "shop", dsn: "none", variables: ["SENTRY_DSN"] }],
    next: ["glitchtip-provision ended with exit code 1: docker compose logs glitchtip-provision"],
  };
  const lines = statusText(found, { nowMs: 0, paint: (_, text) => text }).split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "shop: broken, something needs attention (GlitchTip 6.0.1)",
    "  → glitchtip-provision ended with exit code 1: docker compose logs glitchtip-provision",
    "",
  ]);
  expect(lines).toContain("done: glitchtip-setup, glitchtip-init");
  expect(lines.filter((line) => line.startsWith("glitchtip-"))).toHaveLength(1);
  expect(lines.at(-1)).toBe(`GlitchTip  ${URL}`);
});
