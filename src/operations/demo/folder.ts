import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { init } from "../init.ts";
import type { DemoApp } from "./index.ts";

export interface DemoFolder extends AsyncDisposable {
  readonly dir: string;
  readonly admin: { readonly email: string; readonly password: string };
  readonly reached: DemoApp;
  /** The wrapper that apps start under. */
  readonly wrapper: string;
}

const EMAIL = "admin@example.com";

/** A temporary folder after `init`, with ports that are free just now. Disposing removes it. */
export async function openDemoFolder(): Promise<DemoFolder> {
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-demo-"));
  const [port, appPort] = await freePorts(2);
  writeFileSync(join(dir, ".env"), `GLITCHTIP_PORT=${port}\nAPP_PORT=${appPort}\n`);
  await init({ dir, log: silentLog }, { organization: "Demo", email: EMAIL });
  return {
    dir,
    admin: {
      email: EMAIL,
      password: readFileSync(join(dir, ".glitchtip", "secrets", "admin_password"), "utf8"),
    },
    reached: { appUrl: `http://127.0.0.1:${appPort}`, glitchtipUrl: `http://localhost:${port}` },
    wrapper: join(dir, ".glitchtip", "with-dsn"),
    async [Symbol.asyncDispose]() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** All are held at once, so that they differ. */
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
