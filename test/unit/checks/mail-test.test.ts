import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import type { ProcessResult } from "../../../src/base/process.ts";
import { sendTestMail } from "../../../src/checks/mail-test.ts";
import { initWorkspace } from "../../../src/init/init.ts";
import { readWorkspace } from "../../../src/workspace/workspace.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { TemporaryFolder, testAssets } from "../../support/workspace.ts";

const URL_WITH_PASSWORD = "smtp+tls://shop:c%40nary-word@mail.shop.example:587";

async function projectIn(folder: TemporaryFolder, emailUrl?: string) {
  folder.write("compose.yaml", "services:\n  api: { image: a, entrypoint: [node], command: [x] }\n");
  const options = { apps: { api: "shop" }, ...(emailUrl === undefined ? {} : { emailUrl }) };
  const env = { MAIL_URL: URL_WITH_PASSWORD };
  await initWorkspace({ dir: folder.path, log: silentLog, env, assets: testAssets() }, options);
  return readWorkspace(folder.path);
}

function dockerThat(result: Partial<ProcessResult>, calls: (readonly string[])[] = [], state = "running") {
  const config = { services: { glitchtip: {} } };
  const containers = [container("glitchtip", { state })];
  return fakeDocker({
    config,
    containers,
    cli: async (args) => {
      calls.push(args);
      return answers(result);
    },
  });
}

describe("mail test", () => {
  it("executes GlitchTip's own command in its container", async () => {
    using folder = new TemporaryFolder();
    const calls: (readonly string[])[] = [];
    const project = await projectIn(folder, "env:MAIL_URL");
    await sendTestMail(dockerThat({}, calls), project, "you@shop.example", {});
    expect(calls).toEqual([["exec", "id-glitchtip", "./manage.py", "sendtestemail", "you@shop.example"]]);
  });

  it("shows the mail server's answer without the password that it may repeat", async () => {
    using folder = new TemporaryFolder();
    const project = await projectIn(folder, "env:MAIL_URL");
    const stderr = `Traceback (most recent call last):\nsmtplib.SMTPAuthenticationError: (535, b'no c@nary-word, no ${URL_WITH_PASSWORD}')\n`;
    const sent = sendTestMail(dockerThat({ code: 1, stderr }), project, "a@b.example", { MAIL_URL: URL_WITH_PASSWORD });
    const error = await sent.catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "GC1608",
      problems: expect.arrayContaining([expect.stringMatching(/535.*no \[secret\], no \[secret\]/)]),
      remedy: expect.stringContaining("env:MAIL_URL"),
    });
    expect(JSON.stringify(error)).not.toContain("nary-word");
  });

  it("tells what to declare without a mail server, and what to start when nothing runs", async () => {
    using folder = new TemporaryFolder();
    const without = await projectIn(folder);
    await expect(sendTestMail(dockerThat({}), without, "a@b.example", {})).rejects.toMatchObject({
      code: "GC1608",
      remedy: expect.stringContaining("mail: {url:"),
    });
    using another = new TemporaryFolder();
    const project = await projectIn(another, "env:MAIL_URL");
    await expect(sendTestMail(dockerThat({}, [], "exited"), project, "a@b.example", {})).rejects.toMatchObject({
      code: "GC1605",
      remedy: "docker compose up -d --wait",
    });
  });
});
