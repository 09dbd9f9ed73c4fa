import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CliFolders, cliFolders, runCli } from "../support/cli-process.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { declarationWith } from "../support/stack.ts";

const PATH = "/open-apis/bot/v2/hook/1f0c-very-secret-hook";

describe("notify test", () => {
  let receiver: Receiver;
  let folders: CliFolders;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver[Symbol.asyncDispose]());
  beforeEach(() => {
    folders = cliFolders();
    writeFileSync(join(folders.project, "url"), `${receiver.url}${PATH}\n`);
    writeFileSync(join(folders.project, "sign"), "signing-secret");
    return () => folders[Symbol.dispose]();
  });
  const declare = (notify: string) =>
    writeFileSync(join(folders.project, "glitchtip.yaml"), declarationWith(`apps: {}\nnotify: ${notify}\n`));
  const notify = (...flags: string[]) => runCli(folders, "notify", "test", ...flags);

  it("is received by every channel, each in its own form", async () => {
    declare(`[
      { type: feishu, url: "file:./url", secret: "file:./sign" }, { type: json, url: "file:./url" },
      { type: slack, url: "file:./url" }, { type: ntfy, url: "file:./url" }]`);
    const before = receiver.received.length;
    const ended = await notify("--json");
    expect({ ...ended, stdout: JSON.parse(ended.stdout) }).toMatchObject({
      code: 0,
      stdout: { sent: ["feishu", "json", "slack", "ntfy"] },
    });
    const received = receiver.received.slice(before);
    expect(received.map(({ path }) => path)).toEqual([PATH, PATH, PATH, PATH]);
    const bodies = received.map(({ body }) => body).join("\n");
    expect(bodies).toContain('"schema":"2.0"');
    expect(bodies).toMatch(/"sign":"[A-Za-z0-9+/]{43}="/);
    expect(bodies).toContain("my-shop: a test of notifications");
    expect(bodies).not.toContain("signing-secret");
  });

  it("goes to one alone with --name; another name is refused with those there are", async () => {
    declare(`[{ type: json, url: "file:./url" }, { type: slack, url: "file:./url", name: ops }]`);
    const before = receiver.received.length;
    expect(await notify("--name", "ops")).toMatchObject({ code: 0, stdout: "accepted by ops\n" });
    expect(receiver.received.length).toBe(before + 1);
    const refused = await notify("--name", "opps");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("There is: json, ops.");
  });

  it("is tried again after a failure of the server's, and not after a refusal", async () => {
    declare(`[{ type: json, url: "file:./url" }]`);
    const before = receiver.received.length;
    receiver.answer({ status: 503 }, { status: 429 });
    expect((await notify()).code).toBe(0);
    expect(receiver.received.length).toBe(before + 3);

    receiver.answer({ status: 404, body: `no hook at ${PATH}` });
    const refused = await notify();
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("error GC1609") });
    expect(refused.stderr).toContain("it answered 404: no hook at /[secret]");
    expect(receiver.received.length).toBe(before + 4);
  });

  it("is refused by Feishu with 200 and a code: that is a failure", async () => {
    declare(`[{ type: feishu, url: "file:./url" }]`);
    receiver.answer({
      status: 200,
      body: '{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}',
    });
    const refused = await notify();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("sign match fail");
  });

  it("says which secret cannot be read, and what to write where nobody is declared", async () => {
    declare(`[{ type: json, url: "file:./nowhere" }]`);
    expect(await notify()).toMatchObject({ code: 1, stderr: expect.stringContaining("notify.0.url") });
    declare("[]");
    expect(await notify()).toMatchObject({ code: 2, stderr: expect.stringContaining("Write notify:") });
  });
});
