import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { findProgram } from "../../support/shells.ts";

const script = new URL("../../../templates/send-event", import.meta.url).pathname;
const scriptText = readFileSync(script, "utf8");
export const root = mkdtempSync(join(tmpdir(), "send-event-"));

export const ID = "0123456789abcdef0123456789abcdef";
export const KEY = "f00dfeedf00dfeedf00dfeedf00dfeed";

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What came in since the test began. */
export let received: Received[] = [];

/** Answers 200, or the status that stands in the path. */
export const answer: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url: path, headers } = request;
    received.push({ method, path, headers, body: String(Buffer.concat(chunks)) });
    response.statusCode = Number(/status-(\d+)/.exec(path ?? "")?.[1] ?? 200);
    response.setHeader("Server", "BaseHTTP/0.6 with a trap");
    response.setHeader("Location", "/elsewhere");
    response.end("{}");
  });
};

export async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const server = createServer(answer);
export let port = 0;

/** For each test of a file: a server that was asked nothing yet. */
export function listening(): void {
  beforeAll(async () => {
    port = await listen(server);
  });
  beforeEach(() => {
    received = [];
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
    rmSync(root, { recursive: true, force: true });
  });
}

export const sh = findProgram("sh") ?? "sh";

interface Sent {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Send {
  readonly shell?: readonly string[];
  readonly args?: readonly string[];
  readonly env: Record<string, string>;
}

/** As `docker exec -i … sh -s --` does: the script on stdin. */
export async function send({ shell = [sh], args = [ID, "a message", "SENTRY_DSN"], env }: Send): Promise<Sent> {
  const [program = "", ...options] = shell;
  const child = spawn(program, [...options, "-s", "--", ...args], { cwd: root, env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  child.stdin.on("error", () => {}).end(scriptText);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Version managers put a shell script in front, which needs more than the one program in the test's PATH. */
const REAL: Readonly<Record<string, readonly string[]>> = {
  python3: ["-c", "import sys; print(sys.executable)"],
  python: ["-c", "import sys; print(sys.executable)"],
  ruby: ["-e", "puts RbConfig.ruby"],
};

export function realPath(program: string): string | undefined {
  const found = findProgram(program);
  const ask = REAL[program];
  if (found === undefined || ask === undefined) return found;
  try {
    return execFileSync(found, ask, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** A PATH with this program alone. */
export function onlyPath(name: string, target: string): string {
  const path = mkdtempSync(join(root, "path-"));
  symlinkSync(target, join(path, name));
  return path;
}

/** What an image may bring, and the status line's word for it. */
const PROGRAMS = [
  { program: "node", via: "node" },
  { program: "python3", via: "python3" },
  { program: "python", via: "python" },
  { program: "php", via: "php" },
  { program: "ruby", via: "ruby" },
  { program: "perl", via: "perl" },
  { program: "curl", via: "curl" },
  { program: "wget", via: "wget" },
  { program: "busybox", via: "wget" },
  { program: "bash", via: "bash" },
];

export const installed = PROGRAMS.flatMap(({ program, via }) => {
  const target = realPath(program);
  return target === undefined ? [] : [{ program, via, path: onlyPath(via, target) }];
});
export const absent = PROGRAMS.filter(({ program }) => installed.every((other) => other.program !== program));

export const dsn = (path = "", host = `127.0.0.1:${port}`): string => `http://${KEY}@${host}${path}/7`;

export const lines = ({ body }: Received): unknown[] =>
  body
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
