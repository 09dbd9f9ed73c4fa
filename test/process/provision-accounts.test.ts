import { describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { startServer } from "../support/emulator.ts";
import { countsOf, ONE_OF_EACH } from "../support/provisioner-process.ts";
import { ADMIN, declare, provisionHastily, temporaryFolders } from "../support/provisioning.ts";

describe.each(GENERATIONS)("accounts on GlitchTip %s", (generation) => {
  it("without any account the password is refused once, with what to do, and nothing is made", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ generation });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({
      code: "GC1301",
      message: expect.stringContaining(ADMIN.email),
      remedy: expect.stringContaining("user password"),
    });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({ code: "GC1302" });
    expect(emulator.requests.filter(({ path }) => path.endsWith("/login"))).toHaveLength(1);
    expect(emulator.snapshot().tokens).toEqual([]);
  });

  it("an account from the sign-up page may make the first organization", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ generation, processingDelayMs: 0 });
    await signUp(emulator);
    const { status } = await provisionHastily(emulator, folders);
    expect(status.apps.api?.dsn).toBe("proved");
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("an account from the sign-up page may not make a second organization: GC1402 says what would help", async () => {
    using first = temporaryFolders();
    await using emulator = await startEmulator({ generation, processingDelayMs: 0 });
    await signUp(emulator);
    await provisionHastily(emulator, first);
    using second = temporaryFolders();
    await expect(
      provisionHastily(emulator, second, { declaration: declare({ organization: "Other" }) }),
    ).rejects.toMatchObject({ code: "GC1402", remedy: expect.stringContaining("ENABLE_ORGANIZATION_CREATION") });
    expect(emulator.snapshot().organizations).toHaveLength(1);
  });

  it("after too many failed attempts of others it says to wait, and does not take its password for refused", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    emulator.fault({
      path: /login$/,
      effect: { kind: "answer", status: 400, body: { status: 400, errors: [{ code: "too_many_login_attempts" }] } },
    });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({ code: "GC1303" });
    await provisionHastily(emulator, folders);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });
});

/** As a visitor does it in the browser. */
async function signUp(emulator: Emulator): Promise<void> {
  const base = `${emulator.url}/_allauth/browser/v1`;
  const config = await fetch(`${base}/config`);
  const csrf = /csrftoken=([^;]+)/.exec(config.headers.get("set-cookie") ?? "")?.[1] ?? "";
  const answer = await fetch(`${base}/auth/signup`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: `csrftoken=${csrf}`, "x-csrftoken": csrf },
    body: JSON.stringify(ADMIN),
  });
  if (!answer.ok) throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
}
