import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { initWorkspace } from "../init/index.ts";
import type { DemoApp } from "./demo.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface DemoFolder extends AsyncDisposable {
  readonly dir: string;
  readonly admin: { readonly email: string; readonly password: string };
  readonly reached: DemoApp;
  /** The shell's variables without those of another Compose project, which would win over this folder's .env. */
  readonly env: Variables;
  /** The path of with-dsn, which starts the app. */
  readonly wrapper: string;
}

const OF_A_COMPOSE_PROJECT =
  /^(COMPOSE_(FILE|PATH_SEPARATOR|PROJECT_NAME|PROFILES|ENV_FILES)|GLITCHTIP_PORT|APP_PORT)$/;

const EMAIL = "admin@example.com";

/** Returns the variables without those that name a Compose project: the demo would remove that project's data at its end. */
export const withoutComposeProject = (shell: Variables): Variables =>
  Object.fromEntries(Object.entries(shell).filter(([name]) => !OF_A_COMPOSE_PROJECT.test(name)));

/** Returns a temporary folder that `init` has prepared, with ports that are free now. Disposing removes it. */
export async function openDemoFolder(shell: Variables): Promise<DemoFolder> {
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-demo-"));
  const [port, appPort] = await freePorts(2);
  writeFileSync(join(dir, ".env"), `GLITCHTIP_PORT=${port}\nAPP_PORT=${appPort}\n`);
  const password = randomBytes(18).toString("base64url");
  mkdirSync(dirname(passwordFile(dir)), { recursive: true, mode: 0o700 });
  // The setup service takes it over, and both kinds of a demo tell it at once.
  writeFileSync(passwordFile(dir), password, { mode: 0o444 });
  await initWorkspace({ dir, log: silentLog }, { organization: "Demo", email: EMAIL });
  return {
    dir,
    admin: { email: EMAIL, password },
    reached: { appUrl: `http://127.0.0.1:${appPort}`, glitchtipUrl: `http://localhost:${port}` },
    env: withoutComposeProject(shell),
    wrapper: join(dir, ".glitchtip", "with-dsn"),
    async [Symbol.asyncDispose]() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The file of the administrator's password, as an earlier version of the tool kept it. */
export const passwordFile = (dir: string): string => join(dir, ".glitchtip", "secrets", "admin_password");

/** Holds all ports at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
      return server;
    }),
  );
  return held.map((server) => {
    const address = server.address();
    server.close();
    if (address === null || typeof address === "string") throw new CodedError("GC1901", "no port to listen on");
    return address.port;
  });
}
