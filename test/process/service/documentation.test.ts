import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../../src/base/process.ts";
import { CLI, cliFolders, startCli } from "../../support/cli-process.ts";
import { startServer } from "../../support/emulator.ts";
import { startReceiver } from "../../support/receiver.ts";
import { hasValkey, noValkey, startValkey } from "../../support/valkey.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/service.md"), "utf8");
const section = /## A drift alarm in five commands[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? "";

describe.skipIf(!hasValkey)(`docs/service.md${noValkey}`, () => {
  it("takes a new user to a drift alarm in five commands", async () => {
    const commands = section.trim().split("\n");
    expect(commands).toHaveLength(5);
    using folders = cliFolders();
    await using emulator = await startServer({ seed: { projects: 1, alertsPerProject: 1 } });
    await using receiver = await startReceiver();
    await using queue = await startValkey();
    folders.env.GLITCHTIP_TOKEN = emulator.mintToken();
    folders.env.CHANNEL = `${receiver.url}/channel`;
    const here = commands.map((line) =>
      line
        .replace("https://errors.example.com", emulator.url)
        .replace("redis://127.0.0.1:6379", queue.url)
        .replace("npx glitchtip-compose", `${process.execPath} ${CLI}`),
    );
    for (const line of here.slice(0, 3)) {
      const { code, stderr } = await runProcess("sh", ["-c", line], {
        cwd: folders.project,
        env: { PATH: process.env.PATH, HOME: folders.temporary, ...folders.env },
      });
      expect([line, code], stderr).toEqual([line, 0]);
    }
    // The fourth one starts a Valkey, which this test has already.
    expect(here[3]).toMatch(/^docker run .* valkey\/valkey/);
    const [, , ...words] = here[4]?.split(" ") ?? [];
    await using service = startCli(folders, ...words, "--port", "0", "--every", "1s");
    await service.says(/plan of .*: success: 0 changes/);
    expect(receiver.received).toEqual([]);
    // Somebody deletes it on the server.
    const alerts = `${emulator.url}/api/0/projects/acme/project-00001/alerts/`;
    const headers = { authorization: `Bearer ${folders.env.GLITCHTIP_TOKEN}` };
    const [{ id }] = (await (await fetch(alerts, { headers })).json()) as [{ id: number }];
    expect((await fetch(`${alerts}${id}/`, { method: "DELETE", headers })).status).toBe(204);
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({
      event: "drift",
      state: "drift",
      title: "the server differs from its declaration: 1 change",
      lines: ['missing on the server: alert "alert-1" of Acme/project-00001 (apply creates it)'],
    });
  }, 60_000);
});
