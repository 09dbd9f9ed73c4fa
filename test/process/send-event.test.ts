import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeSelfSigned, openssl } from "../support/self-signed.ts";
import { describeInShells, findProgram } from "../support/shells.ts";

const script = new URL("../../templates/send-event", import.meta.url).pathname;
const scriptText = readFileSync(script, "utf8");
const wrapper = new URL("../../templates/with-dsn", import.meta.url).pathname;
const root = mkdtempSync(join(tmpdir(), "send-event-"));

const ID = "0123456789abcdef0123456789abcdef";
const KEY = "f00dfeedf00dfeedf00dfeedf00dfeed";

interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
let received: Received[] = [];
beforeEach(() => {
  received = [];
});

/** Answers 200, or the status that stands in the path. */
const answer: RequestListener = (request, response) => {
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

async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const server = createServer(answer);
let port = 0;
beforeAll(async () => {
  port = await listen(server);
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(root, { recursive: true, force: true });
});

const sh = findProgram("sh") ?? "sh";

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
async function send({ shell = [sh], args = [ID, "a message", "SENTRY_DSN"], env }: Send): Promise<Sent> {
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

function realPath(program: string): string | undefined {
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
function onlyPath(name: string, target: string): string {
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

const installed = PROGRAMS.flatMap(({ program, via }) => {
  const target = realPath(program);
  return target === undefined ? [] : [{ program, via, path: onlyPath(via, target) }];
});
const absent = PROGRAMS.filter(({ program }) => installed.every((other) => other.program !== program));

const dsn = (path = "", host = `127.0.0.1:${port}`): string => `http://${KEY}@${host}${path}/7`;

const lines = ({ body }: Received): unknown[] =>
  body
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("send-event", () => {
  it.skipIf(absent.length === 0)("is tried with every program it knows", ({ skip }) => {
    const reason = `not on this machine: ${absent.map(({ program }) => program).join(", ")}`;
    console.warn(`skipped: ${reason}`);
    skip(reason);
  });

  describe.each(installed)("with $program alone", ({ program, via, path }) => {
    it("posts one envelope with one error event", async () => {
      expect(await send({ env: { PATH: path, SENTRY_DSN: dsn() } })).toEqual({
        code: 0,
        stdout: `via=${via} status=200\n`,
        stderr: "",
      });
      expect(received).toHaveLength(1);
      const [request] = received as [Received];
      expect(request).toMatchObject({
        method: "POST",
        path: "/api/7/envelope/",
        headers: {
          host: `127.0.0.1:${port}`,
          "content-type": "application/x-sentry-envelope",
          "x-sentry-auth": `Sentry sentry_version=7, sentry_client=glitchtip-compose, sentry_key=${KEY}`,
        },
      });
      expect(lines(request)).toEqual([
        { event_id: ID },
        { type: "event" },
        {
          event_id: ID,
          platform: "other",
          level: "error",
          message: "a message",
          tags: { "glitchtip-compose": "verify" },
          fingerprint: ["glitchtip-compose: verify"],
        },
      ]);
    });

    it("brings any text through", async () => {
      const text = "'\"\\ $HOME `id` $(id) %s \\n é \u{1F600}\nsecond line\tand more\r\u0001";
      const env = { PATH: path, SENTRY_DSN: dsn(), SENTRY_ENVIRONMENT: 'pro"d', SENTRY_RELEASE: "a\\b@1" };
      expect(await send({ args: [ID, text, "SENTRY_DSN"], env })).toMatchObject({ code: 0 });
      expect(received.flatMap(lines)[2]).toMatchObject({
        message: text.replace(/[\t\r\u0001]/g, " "),
        environment: 'pro"d',
        release: "a\\b@1",
      });
    });

    it("says the status when the server refuses", async () => {
      for (const status of [301, 401, 403, 429, 500]) {
        const env = { PATH: path, SENTRY_DSN: dsn(`/status-${status}`) };
        expect(await send({ env })).toMatchObject({ code: 1, stdout: `via=${via} status=${status}\n` });
      }
    });

    it.skipIf(program === "busybox")("follows no redirect, which busybox cannot be told", async () => {
      await send({ env: { PATH: path, SENTRY_DSN: dsn("/status-301") } });
      expect(received).toHaveLength(1);
    });

    it("says why when nothing listens", async () => {
      const closed = createServer();
      const freePort = await listen(closed);
      closed.close();
      const env = { PATH: path, SENTRY_DSN: dsn("", `127.0.0.1:${freePort}`) };
      const { code, stdout, stderr } = await send({ env });
      expect({ code, stdout }).toEqual({ code: 1, stdout: `via=${via} status=000\n` });
      expect(stderr).toMatch(/refused|connect/i);
      expect(stderr).not.toContain(KEY);
    });

    it("keeps the path in front of the project", async () => {
      await send({ env: { PATH: path, SENTRY_DSN: dsn("/errors/here") } });
      expect(received.map((request) => request.path)).toEqual(["/errors/here/api/7/envelope/"]);
    });

    it("reaches an IPv6 host", async ({ skip }) => {
      const six = createServer(answer);
      try {
        const sixPort = await listen(six, "::1").catch(() => skip("this machine has no ::1"));
        const env = { PATH: path, SENTRY_DSN: dsn("", `[::1]:${sixPort}`) };
        expect(await send({ env })).toMatchObject({ code: 0 });
        expect(received[0]?.headers.host).toBe(`[::1]:${sixPort}`);
      } finally {
        six.close();
      }
    });

    it("is not led astray by a proxy or by options meant for the app", async () => {
      const env = {
        PATH: path,
        SENTRY_DSN: dsn(),
        http_proxy: "http://127.0.0.1:1",
        HTTP_PROXY: "http://127.0.0.1:1",
        NODE_OPTIONS: "--require ./none.js",
        RUBYOPT: "-rnone",
        PERL5OPT: "-Mnone",
        PYTHONPATH: "/none",
        BASH_ENV: "/none",
      };
      expect(await send({ env })).toMatchObject({ code: 0, stdout: `via=${via} status=200\n` });
    });
  });

  describeInShells(({ argv }) => {
    const path = onlyPath("node", process.execPath);

    it("runs from stdin", async () => {
      const env = { PATH: path, SENTRY_DSN: dsn() };
      expect(await send({ shell: argv, args: [ID, "a\n\"b'", "SENTRY_DSN"], env })).toMatchObject({
        code: 0,
        stdout: "via=node status=200\n",
      });
      expect(received.flatMap(lines)[2]).toMatchObject({ message: "a\n\"b'" });
    });

    it("runs behind the wrapper, with a variable whose name is no identifier", async () => {
      writeFileSync(join(root, "api.env"), `set -- 'spring.sentry.dsn=${dsn()}' "$@"\n`);
      const [program = "", ...options] = argv;
      const shell = [program, ...options, wrapper, "--dir", root, "api", "--", sh];
      const env = { PATH: `${path}:${process.env.PATH}` };
      expect(await send({ shell, args: [ID, "text", "spring.sentry.dsn"], env })).toMatchObject({ code: 0 });
      expect(received).toHaveLength(1);
    });
  });

  it("takes the first program that is there", async () => {
    const path = onlyPath("curl", "/none");
    for (const { program, via } of installed.filter(({ program }) => program === "perl" || program === "bash")) {
      symlinkSync(realPath(program) ?? "", join(path, via));
    }
    const { stdout } = await send({ env: { PATH: path, SENTRY_DSN: dsn() } });
    expect(stdout).toBe(`via=${installed.some(({ program }) => program === "perl") ? "perl" : "bash"} status=200\n`);
  });

  it("goes on to the next program where one cannot be started", async ({ skip }) => {
    const perl = realPath("perl") ?? skip("no perl on this machine");
    const path = onlyPath("perl", perl);
    writeFileSync(join(path, "python3"), "#!/none/such\n", { mode: 0o755 });
    const { stdout } = await send({ env: { PATH: path, SENTRY_DSN: dsn() } });
    expect(stdout).toBe("via=perl status=200\n");
  });

  it("ends with 69 where no program can send", async () => {
    expect(await send({ env: { PATH: mkdtempSync(join(root, "path-")), SENTRY_DSN: dsn() } })).toMatchObject({
      code: 69,
      stdout: "",
      stderr: expect.stringContaining("curl"),
    });
  });

  it("ends with 69 where the only program cannot do https", async () => {
    const env = { PATH: onlyPath("bash", realPath("bash") ?? "/none"), SENTRY_DSN: "https://key@127.0.0.1:1/7" };
    expect(await send({ env })).toMatchObject({ code: 69, stdout: "" });
  });

  it.each([
    ["an empty DSN", "", 1],
    ["a DSN without a key", "http://host/7", 1],
    ["no URL at all", "none", 1],
  ])("refuses %s without repeating it", async (_, value, code) => {
    const { code: ended, stderr } = await send({ env: { PATH: "", SENTRY_DSN: value } });
    expect(ended).toBe(code);
    expect(stderr).toMatch(/^send-event: SENTRY_DSN /);
  });

  it.each([[[]], [[ID, "text"]], [["no hex", "text", "SENTRY_DSN"]]])(
    "ends with 64 on the arguments %j",
    async (args) => {
      expect(await send({ args, env: { PATH: "", SENTRY_DSN: dsn() } })).toMatchObject({ code: 64, stdout: "" });
    },
  );

  it("keeps the key out of argument lists, but for wget", async ({ skip }) => {
    const strace = findProgram("strace") ?? skip("no strace on this machine");
    for (const { program, path } of installed.filter(({ via }) => via !== "wget")) {
      const log = join(root, `${program}.strace`);
      await send({
        shell: [strace, "-f", "-s", "100000", "-e", "trace=execve", "-o", log, sh],
        env: { PATH: path, SENTRY_DSN: dsn() },
      });
      const calls = readFileSync(log, "utf8");
      expect(calls).toContain("execve(");
      expect(calls).not.toContain(KEY);
    }
  });

  describe("over https", () => {
    const secure = createTlsServer(answer);
    const [keyFile, certFile] = [join(root, "key.pem"), join(root, "cert.pem")];
    let securePort = 0;

    beforeAll(async () => {
      if (openssl === undefined) return;
      makeSelfSigned({ key: keyFile, certificate: certFile }, ["localhost", "127.0.0.1"], 2);
      secure.setSecureContext({ key: readFileSync(keyFile), cert: readFileSync(certFile) });
      securePort = await listen(secure);
    });
    afterAll(() => {
      secure.close();
      secure.closeAllConnections();
    });

    // The others take their authorities from elsewhere than the environment.
    const trusting = installed.filter(({ program }) =>
      ["node", "python3", "python", "php", "ruby", "curl"].includes(program),
    );

    it.each(trusting)(
      "$program sends to a server whose certificate it trusts, and to no other",
      async ({ via, path }) => {
        if (openssl === undefined) throw new Error("this test needs openssl");
        const env = { PATH: path, SENTRY_DSN: `https://${KEY}@127.0.0.1:${securePort}/7` };
        expect(await send({ env })).toMatchObject({ code: 1, stdout: `via=${via} status=000\n` });
        expect(received).toEqual([]);
        const trust = { NODE_EXTRA_CA_CERTS: certFile, SSL_CERT_FILE: certFile };
        expect(await send({ env: { ...env, ...trust } })).toMatchObject({ code: 0, stdout: `via=${via} status=200\n` });
        expect(received).toHaveLength(1);
      },
    );
  });
});
