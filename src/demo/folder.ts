import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { getuid } from "node:process";
import { CodedError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { initWorkspace } from "../init/index.ts";
import { lockPlace } from "../outputs/lock-place.ts";
import type { DemoApp } from "./demo.ts";

const PREFIX = "glitchtip-demo-";
/** The folder below a demo's in which its process shows that it lives. */
const PRESENCE = ".glitchtip/presence";
/** The file below a demo's folder that is there once its process shows that it lives. */
const SHOWN = ".glitchtip/demo";
/** The file below a demo's folder that stands for its containers. */
const CONTAINERS = ".glitchtip/containers";

type Variables = Readonly<Record<string, string | undefined>>;

export interface DemoFolder extends AsyncDisposable {
  readonly dir: string;
  readonly admin: { readonly email: string; readonly password: string };
  readonly reached: DemoApp;
  /** The shell's variables without those of another Compose project, which would win over this folder's .env. */
  readonly env: Variables;
  /** The path of with-dsn, which starts the app. */
  readonly wrapper: string;
  /** Notes that containers belong to this folder, for the demo that finds it after a kill. */
  noteContainers(): void;
}

/** What a demo that was killed has left. */
export interface AbandonedDemo {
  readonly dir: string;
  readonly hasContainers: boolean;
  remove(): void;
}

const OF_A_COMPOSE_PROJECT =
  /^(COMPOSE_(FILE|PATH_SEPARATOR|PROJECT_NAME|PROFILES|ENV_FILES)|GLITCHTIP_PORT|APP_PORT)$/;

const EMAIL = "admin@example.com";

/** Returns the variables without those that name a Compose project: the demo would remove that project's data at its end. */
export const withoutComposeProject = (shell: Variables): Variables =>
  Object.fromEntries(Object.entries(shell).filter(([name]) => !OF_A_COMPOSE_PROJECT.test(name)));

/** Returns a temporary folder that `init` has prepared, with ports that are free now. Disposing removes it. */
export async function openDemoFolder(shell: Variables): Promise<DemoFolder> {
  const dir = mkdtempSync(join(tmpdir(), PREFIX));
  mkdirSync(dirname(passwordFile(dir)), { recursive: true, mode: 0o700 });
  const presence = await lockPlace(join(dir, PRESENCE)).show();
  writeFileSync(join(dir, SHOWN), "");
  const [port, appPort] = await freePorts(2);
  writeFileSync(join(dir, ".env"), `GLITCHTIP_PORT=${port}\nAPP_PORT=${appPort}\n`);
  const password = randomBytes(18).toString("base64url");
  // The setup service takes it over, and both kinds of a demo tell it at once.
  writeFileSync(passwordFile(dir), password, { mode: 0o444 });
  await initWorkspace({ dir, log: silentLog }, { organization: "Demo", email: EMAIL });
  return {
    dir,
    admin: { email: EMAIL, password },
    reached: { appUrl: `http://127.0.0.1:${appPort}`, glitchtipUrl: `http://localhost:${port}` },
    env: withoutComposeProject(shell),
    wrapper: join(dir, ".glitchtip", "with-dsn"),
    noteContainers: () => writeFileSync(join(dir, CONTAINERS), ""),
    async [Symbol.asyncDispose]() {
      await presence?.withdraw();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Returns the folders of this user's demos whose process lives no more. */
export async function abandonedDemos(): Promise<AbandonedDemo[]> {
  let folders: string[] = [];
  try {
    folders = readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX));
  } catch {
    // Not every temporary folder can be listed by everybody.
  }
  const all = await Promise.all(folders.map((name) => abandoned(join(tmpdir(), name))));
  return all.filter((one) => one !== undefined);
}

async function abandoned(dir: string): Promise<AbandonedDemo | undefined> {
  // One that has just been made does not show its process yet, and one of an earlier version never does.
  const shown = statSync(join(dir, SHOWN), { throwIfNoEntry: false });
  if (shown === undefined || shown.uid !== getuid?.()) return undefined;
  if ((await lockPlace(join(dir, PRESENCE)).rivals()).length > 0) return undefined;
  return {
    dir,
    hasContainers: existsSync(join(dir, CONTAINERS)),
    remove: () => rmSync(dir, { recursive: true, force: true }),
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
