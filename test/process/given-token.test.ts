import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../src/base/errors.ts";
import { Secret } from "../../src/base/secret.ts";
import { systemClock } from "../../src/base/wait.ts";
import { provisionPart } from "../../src/config/provision-input.ts";
import type { Declaration } from "../../src/config/schema.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { signIn } from "../../src/glitchtip/session.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { PROVISION_SCOPES } from "../../src/provision/token.ts";
import { startServer } from "../support/emulator.ts";
import { runProvisioner } from "../support/provisioner-process.ts";
import { ADMIN, declare, dsnOf, provisionOnce, temporaryFolders } from "../support/provisioning.ts";

const DECLARATION = declare({ admin: undefined, server: { url: "https://errors.example.com", token: "file:token" } });

const failure = (work: Promise<unknown>): Promise<CodedError> =>
  work.then(
    () => Promise.reject(new Error("it worked")),
    (error: unknown) => (error instanceof CodedError ? error : Promise.reject(error)),
  );

async function deleteTokens(url: string): Promise<void> {
  const transport = openTransport(openNodeHttp, url);
  const { signal } = new AbortController();
  const { email } = ADMIN;
  const session = await signIn({ transport, clock: systemClock, signal, email, password: new Secret(ADMIN.password) });
  for (const { id } of await session.tokens()) await session.deleteToken(id);
  await transport.close();
}

it("the program in the container reads the token from its file and does not show it", async () => {
  using folders = temporaryFolders();
  await using emulator = await startServer();
  const token = emulator.mintToken(PROVISION_SCOPES, "of the user's");
  const file = join(folders.root, "token");
  writeFileSync(file, `${token}\n`);
  const declaration = provisionPart(DECLARATION) as Declaration;
  const { code, stdout, stderr } = await runProvisioner(emulator.url, folders, {
    declaration,
    env: { GLITCHTIP_TOKEN_FILE: file },
  });
  expect(code, stderr).toBe(0);
  expect(stdout + stderr).not.toContain(token);
  expect(dsnOf(folders, "api")).toMatch(/^http:/);
  writeFileSync(file, "two words\n");
  const refused = await runProvisioner(emulator.url, folders, { declaration, env: { GLITCHTIP_TOKEN_FILE: file } });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("GC1107")]);
});

describe.each(GENERATIONS)("with a token of the user's on GlitchTip %s", (generation) => {
  it("nobody signs in and no other token is created", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const token = emulator.mintToken(PROVISION_SCOPES, "of the user's");
    const run = { declaration: DECLARATION, token };
    const { status, log } = await provisionOnce(emulator.url, folders, run);
    expect(status.apps.api?.dsn).toBe("proved");
    expect(dsnOf(folders, "api")).toMatch(/^http:\/\/[0-9a-f]{32}@glitchtip:8000\/\d+$/);
    expect(log).not.toContain(token);
    expect(emulator.snapshot().tokens.map(({ label }) => label)).toEqual(["of the user's"]);
    expect(emulator.requests.map(({ path }) => path).join("\n")).not.toMatch(/_allauth|api-tokens/);
    const before = emulator.requests.length;
    await provisionOnce(emulator.url, folders, run);
    expect(emulator.requests.length - before).toBe(3);
  });

  it("a token that lacks scopes is an error with each of them, before anything is created", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ generation, superuser: ADMIN });
    const token = emulator.mintToken(["org:read", "project:read", "event:read", "team:read"], "small");
    const error = await failure(provisionOnce(emulator.url, folders, { declaration: DECLARATION, token }));
    expect(error.toJSON()).toMatchObject({
      code: "GC1305",
      message: expect.stringContaining("lacks org:write, team:write, project:write, project:admin, event:write"),
      remedy: expect.stringContaining("server.token"),
    });
    expect(JSON.stringify(error)).not.toContain(token);
    expect(emulator.snapshot().organizations).toEqual([]);
  });

  it("a token that the server does not know is an error, and the next one is used", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const error = await failure(
      provisionOnce(emulator.url, folders, { declaration: DECLARATION, token: "0".repeat(64) }),
    );
    expect(error).toMatchObject({ code: "GC1304", message: expect.stringContaining("does not know the API token") });
    const token = emulator.mintToken(PROVISION_SCOPES, "good");
    expect((await provisionOnce(emulator.url, folders, { declaration: DECLARATION, token })).status.state).toBe("ok");
    expect(readFileSync(join(folders.state, "state.json"), "utf8")).toContain(token);
  });

  it("a token that was deleted since is an error, and the last DSN stays", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const token = emulator.mintToken(PROVISION_SCOPES, "soon gone");
    await provisionOnce(emulator.url, folders, { declaration: DECLARATION, token });
    const dsn = dsnOf(folders, "api");
    await deleteTokens(emulator.url);
    const error = await failure(provisionOnce(emulator.url, folders, { declaration: DECLARATION, token }));
    expect(error.code).toBe("GC1304");
    expect(dsnOf(folders, "api")).toBe(dsn);
  });
});
