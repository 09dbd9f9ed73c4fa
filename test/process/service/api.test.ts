import { describe, expect, it } from "vitest";
import { startService } from "../../support/service.ts";
import { needsValkey } from "../../support/valkey.ts";

describe("the API of the service", () => {
  it("plans and applies registered servers by request", async ({ skip }) => {
    needsValkey(skip);
    await using service = await startService();
    const emulator = service.emulators.one;
    const { ask, cli } = await service.start("--api", "--worker");
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

    const { body } = await ask("POST", "/api/v1/apply", token, { servers: ["one"] });
    const applied = await ask("GET", `/api/v1/runs/${body.id}?timeout=20`, token);
    expect(applied.body).toMatchObject({ status: "success", report: { applied_count: 2, errors: [] } });
    expect(emulator?.snapshot().alerts).toMatchObject([{ name: "errors" }]);
    const again = await ask("POST", "/api/v1/apply", token, {});
    const second = await ask("GET", `${again.body.status_url}?timeout=20`, token);
    expect(second.body.report).toMatchObject({ applied_count: 0, actions: [] });

    const listed = await ask("GET", "/api/v1/servers", token);
    expect(listed.body).toMatchObject({ servers: [{ name: "one", status: "in sync", drift: 0 }], broken: [] });
    expect((await ask("GET", "/api/v1/runs", token)).body.runs).toHaveLength(3);
    cli.kill("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });
});
