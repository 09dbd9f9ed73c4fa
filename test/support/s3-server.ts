import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess } from "../../src/base/process.ts";

/** An S3 server that verifies signatures like Amazon's. It is built once from a Go module. */
const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";
const BIN = new URL("../../node_modules/.cache/s3/", import.meta.url).pathname;
export const S3_PROGRAM = join(BIN, "versitygw");

export const S3_ACCOUNT = { accessKey: "test-access", secretKey: "test-secret-of-the-s3-server" } as const;

/** Builds the server. Returns why that is not possible, or undefined. */
export async function buildS3Server(): Promise<string | undefined> {
  if (existsSync(S3_PROGRAM)) return undefined;
  const env = { ...process.env, GOBIN: BIN, CGO_ENABLED: "0", GOFLAGS: "-mod=mod" };
  const built = await runProcess("go", ["install", MODULE], { env }).catch((error: unknown) => String(error));
  const why = typeof built === "string" ? built : built.code === 0 ? undefined : built.stderr.slice(-500);
  if (why !== undefined && process.env.REQUIRE_SDKS === "1") throw new Error(`no S3 server: ${why}`);
  return why;
}

export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
}

/** Starts the server on loopback, with one empty bucket. */
export async function startS3Server(): Promise<S3Server> {
  const root = mkdtempSync(join(tmpdir(), "s3-"));
  for (const folder of ["data/shop", "side"]) mkdirSync(join(root, folder), { recursive: true });
  const port = await freePort();
  const stop = new AbortController();
  const args = ["--port", `127.0.0.1:${port}`, "posix", "--sidecar", join(root, "side"), join(root, "data")];
  const env = { ROOT_ACCESS_KEY: S3_ACCOUNT.accessKey, ROOT_SECRET_KEY: S3_ACCOUNT.secretKey };
  const ended = runProcess(S3_PROGRAM, args, { env, signal: stop.signal }).catch(() => undefined);
  const endpoint = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    const up = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (up) break;
    if (i === 100) throw new Error("the S3 server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    endpoint,
    bucket: "shop",
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
