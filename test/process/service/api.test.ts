import { describe, expect, it } from "vitest";
import { runCli } from "../../support/cli-process.ts";
import { startService } from "../../support/service.ts";
import { needsValkey } from "../../support/valkey.ts";

describe("the API of the service", () => {
  it("plans and applies registered servers by request", async ({ skip }) => {
    needsValkey(skip);
    await using service = await startService();
    const emulator = service.emulators.one;
    const { ask, cli, url } = await service.start("--api", "--worker");
    const token = await service.token("--scope", "plan", "--scope", "apply");

    const planned = await ask("POST", "/api/v1/plan", token, { servers: ["one"] });
    expect(planned).toMatchObject({ status: 202, body: { status: "pending" } });
    expect(planned.headers.get("x-request-id")).toBe(planned.body.id);
    expect(planned.headers.get("location")).toBe(planned.body.status_url);
    const plan = await ask("GET", `${planned.body.status_url}?timeout=20`, token);
    expect(plan).toMatchObject({ status: 200, body: { kind: "plan", status: "success", servers: ["one"] } });
    expect(plan.body.report.actions.map((a: { action_type: string; name: string }) => [a.action_type, a.name])).toEqual(
      [
        ["create", "errors"],
        ["delete", "alert-1"],
      ],
    );
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "alert-1" }]);

    // Our own client waits for the end, and the failure of a run is its own.
    service.folders.env.SERVICE_URL = url;
    service.folders.env.SERVICE_TOKEN = token;
    emulator?.fault({ method: "POST", path: /alerts/, times: 1, effect: { kind: "answer", status: 403 } });
    const failed = await runCli(service.folders, "serve", "apply", "--server", "one");
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining("applied 1 of 2 changes") });
    expect(failed.stderr).toContain("GC1206");
    const applied = await runCli(service.folders, "serve", "apply", "--server", "one");
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining("applied 1 of 1 change\n") });
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "errors" }]);
    const again = await ask("POST", "/api/v1/apply", token, {});
    const second = await ask("GET", `${again.body.status_url}?timeout=20`, token);
    expect(second.body.report).toMatchObject({ applied_count: 0, actions: [] });

    const listed = await ask("GET", "/api/v1/servers", token);
    expect(listed.body).toMatchObject({ servers: [{ name: "one", status: "in sync", drift: 0 }], broken: [] });
    expect((await ask("GET", "/api/v1/runs", token)).body.runs).toHaveLength(4);
    cli.kill("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });
});
