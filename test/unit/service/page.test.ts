import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { APPLY_SCOPES } from "../../../src/management/connect.ts";
import { PULL_SCOPES } from "../../../src/management/pull/new-file.ts";
import { PROVISION_SCOPES } from "../../../src/provision/token.ts";
import { startServer } from "../../support/emulator.ts";
import { runInProcess } from "../../support/in-process-cli.ts";

const page = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../../docs", name), "utf8").replace(/\s+/g, " ");

/** Scopes as the pages write them. */
const listed = (scopes: readonly string[]) => scopes.map((scope) => `\`${scope}\``).join(", ");

describe("the scopes of a token", () => {
  it("are named on docs/service.md, for planning and for applying", () => {
    expect(page("service.md")).toContain(listed(PULL_SCOPES));
    const writes = APPLY_SCOPES.filter((scope) => !PULL_SCOPES.includes(scope));
    expect(page("service.md")).toContain(listed(writes));
  });

  it("are named on docs/existing-server.md for the provisioner, with those that the other commands need besides", () => {
    const [last, ...others] = PROVISION_SCOPES.toReversed();
    expect(page("existing-server.md")).toContain(`${others.toReversed().join(", ")} and ${last}`);
    expect(page("existing-server.md")).toContain(listed(PULL_SCOPES));
    expect(page("existing-server.md")).toContain(
      listed(PULL_SCOPES.filter((scope) => !PROVISION_SCOPES.includes(scope))),
    );
  });
});

/** A folder, and a server whose only project has no alert. */
async function openFolder() {
  const emulator = await startServer({ seed: { projects: 1 } });
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
  onTestFinished(async () => {
    rmSync(dir, { recursive: true });
    await emulator.close();
  });
  const run = async (scopes: readonly string[], ...words: readonly string[]) => {
    const env = { GLITCHTIP_TOKEN: emulator.mintToken(scopes), HOME: dir };
    return await runInProcess(dir, words, env);
  };
  const alerts = `${emulator.url}/api/0/projects/acme/project-00001/alerts/`;
  const headers = { authorization: `Bearer ${emulator.mintToken()}`, "content-type": "application/json" };
  return {
    emulator,
    run,
    /** Creates an alert as somebody would in GlitchTip. */
    async createAlert(name: string) {
      const recipients = [{ recipientType: "email", url: "" }];
      const body = { name, quantity: 1, timespanMinutes: 1, uptime: false, alertRecipients: recipients };
      await fetch(alerts, { method: "POST", headers, body: JSON.stringify(body) });
    },
    async deleteAlerts() {
      for (const { id } of (await (await fetch(alerts, { headers })).json()) as { readonly id: number }[]) {
        await fetch(`${alerts}${id}/`, { method: "DELETE", headers });
      }
    },
  };
}

describe("what docs/service.md calls drift", () => {
  it("is what is declared and missing on the server, after `pull --all` also for a server that had no alert", async () => {
    expect(page("service.md")).toContain("npx glitchtip-compose pull --all");
    const { emulator, run, createAlert, deleteAlerts } = await openFolder();
    const planned = async () => {
      const { code, stdout } = await run(PULL_SCOPES, "plan", "--json");
      return { code, actions: JSON.parse(stdout).actions };
    };
    const pulled = await run(PULL_SCOPES, "pull", "--url", emulator.url, "--token", "env:GLITCHTIP_TOKEN");
    expect(pulled.code, pulled.stderr).toBe(0);
    await createAlert("mine");
    // Nothing of alerts is declared, so one more is no drift.
    expect(await planned()).toEqual({ code: 0, actions: [] });
    expect((await run(PULL_SCOPES, "pull", "--all")).code).toBe(0);
    await createAlert("one more");
    expect(await planned()).toEqual({ code: 0, actions: [] });
    await deleteAlerts();
    expect(await planned()).toMatchObject({
      code: 3,
      actions: [{ action_type: "create", kind: "alert", name: "mine" }],
    });
    const applied = await run(APPLY_SCOPES, "apply", "--yes");
    expect(applied.code, applied.stderr).toBe(0);
    expect(emulator.snapshot().alerts).toMatchObject([{ name: "mine" }]);
  });

  it("is not seen with a token of the provisioner's scopes: `pull` names the one that is missing", async () => {
    const { emulator, run } = await openFolder();
    const pulled = await run(PROVISION_SCOPES, "pull", "--url", emulator.url, "--token", "env:GLITCHTIP_TOKEN");
    expect(pulled.code).toBe(1);
    expect(pulled.stderr).toMatch(/GC1305.* this API token lacks member:read\n[\s\S]*project:read, member:read/);
  });
});
