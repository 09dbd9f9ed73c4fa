import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProgram } from "../support/shells.ts";

const python = findProgram("python3");
const GATE = new URL("../../templates/init/gate.py", import.meta.url).pathname;

/** A driver whose database has the tables of TABLES, and the mark of an image in a file named mark. */
const DRIVER = `
import os
class OperationalError(Exception): pass
class conn:
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def execute(self, text, values=()):
        self.text = text
        if "INSERT INTO" in text:
            open("mark", "w").write(values[2])
        return self
    def fetchone(self):
        if "->>'image'" in self.text:
            return [open("mark").read() if os.path.exists("mark") else None]
        if "pg_postmaster_start_time" in self.text:
            return [os.environ["STARTED"]]
        if "issue_events_issueevent" in self.text:
            return ["issue_events_issueevent" in os.environ["TABLES"].split()]
        if "to_regclass('glitchtip_compose.init')" in self.text:
            return ["glitchtip_compose.init" if "glitchtip_compose.init" in os.environ["TABLES"] else None]
        return [None, None]
def connect(**_):
    if "REFUSES" in os.environ: raise OperationalError(os.environ["REFUSES"])
    return conn()
`;
const RETAINED = 'echo "retains: [$GLITCHTIP_RETAIN_LEGACY_DATA]"\n';
/** More than a list of commands, so that it runs as it is. */
const MIGRATE = `#!/bin/sh\n${RETAINED}`;
/** The script of 5.2, as the stand-in image has it. */
const LIST = readFileSync(
  new URL("../docker/engine/images/glitchtip/code-5/bin/run-migrate.sh", import.meta.url),
  "utf8",
);
/** Says which process runs which command. FAILS names the command that fails. */
const MANAGE = `#!/usr/bin/env python3
import os, sys
print("ran", os.getpid(), *sys.argv[1:], flush=True)
failures = os.path.exists("failures") and len(open("failures").read()) or 0
if sys.argv[1] == os.environ.get("FAILS") and failures < int(os.environ.get("FAILS_TIMES", "99")):
    open("failures", "a").write("x")
    print(os.environ.get("FAILS_WITH", ""), flush=True)
    sys.exit(7)
`;

describe.skipIf(python === undefined)("gate.py", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gate-"));
    mkdirSync(join(folder, "bin"));
    const programs = { "bin/run-migrate.sh": MIGRATE, "manage.py": MANAGE };
    for (const [name, text] of Object.entries({ "psycopg.py": DRIVER, db: "password", admin: "password", ...programs }))
      writeFileSync(join(folder, name), text);
    for (const name of Object.keys(programs)) chmodSync(join(folder, name), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const init = (tables: string, more: NodeJS.ProcessEnv = {}) => gate(["init"], tables, more);

  function gate(words: readonly string[], tables: string, more: NodeJS.ProcessEnv = {}): string {
    return /retains: \[(.*)\]/.exec(runGate(words, tables, more).stdout)?.[1] ?? "never migrated";
  }

  function runGate(words: readonly string[], tables: string, more: NodeJS.ProcessEnv = {}) {
    const env = {
      PATH: process.env.PATH,
      PYTHONPATH: folder,
      TABLES: tables,
      GLITCHTIP_ADMIN_EMAIL: "admin@example.com",
      GLITCHTIP_ADMIN_PASSWORD_FILE: join(folder, "admin"),
      DATABASE_HOST: "glitchtip-db",
      DATABASE_PORT: "5432",
      DATABASE_NAME: "glitchtip",
      DATABASE_USER: "glitchtip",
      DATABASE_PASSWORD_FILE: join(folder, "db"),
      ...more,
    };
    const ended = spawnSync(python ?? "", [GATE, ...words], { cwd: folder, env, encoding: "utf8", timeout: 20_000 });
    expect(ended.stderr).toBe("");
    return ended;
  }

  const RETAINS = { GLITCHTIP_RETAIN_LEGACY_DATA: "True" };

  it("hands on that generation 6 keeps the events of an older one, of which it takes over 10,000 and drops the others", () => {
    expect(init("issue_events_issueevent", RETAINS)).toBe("True");
    expect(gate(["serve", "bin/run-migrate.sh"], "issue_events_issueevent glitchtip_compose.init", RETAINS)).toBe(
      "True",
    );
  });

  it("serves the image that migrated, and refuses any other until glitchtip-init has been through", () => {
    const serve = (version: string) => {
      const more = { GLITCHTIP_VERSION: version };
      return gate(["serve", "bin/run-migrate.sh"], "glitchtip_compose.init", more);
    };
    // A mark from before says nothing of the image.
    expect(serve("5.2.1")).toBe("");
    init("", { GLITCHTIP_VERSION: "5.2.1" });
    expect([serve("5.2.1"), serve("6.2.6"), serve("5.2.9")]).toEqual(["", "never migrated", "never migrated"]);
    mkdirSync(join(folder, "apps/events/migrations"), { recursive: true });
    writeFileSync(join(folder, "apps/events/migrations/0002_more.py"), "");
    expect(serve("5.2.1")).toBe("never migrated");
    init("", { GLITCHTIP_VERSION: "5.2.1" });
    expect(serve("5.2.1")).toBe("");
  });

  it("says what to type where the database has another password, and ends with a code of its own", () => {
    const refusal = { REFUSES: 'FATAL:  password authentication failed for user "glitchtip"' };
    for (const words of [["init"], ["serve", "bin/run-migrate.sh"]]) {
      const { status, stdout } = runGate(words, "glitchtip_compose.init", refusal);
      expect([status, stdout]).toEqual([
        77,
        expect.stringMatching(/failed for.*\n.*\n.*secrets rotate db-password\n$/),
      ]);
    }
    const own = { ...refusal, DATABASE_URL_FILE: join(folder, "db"), VALKEY_URL: "redis://x" };
    expect(runGate(["init"], "", own)).toMatchObject({
      status: 77,
      stdout: expect.stringMatching(/put its own into server\.database\.url\n$/),
    });
  });

  it("names the database's run and the image for the provisioner at each init, and leaves no older name behind", () => {
    const path = join(folder, "run");
    const more = { GLITCHTIP_DATABASE_RUN_FILE: path, STARTED: "1796062698467" };
    const name = (env: NodeJS.ProcessEnv = {}) => {
      init("", { ...more, ...env });
      return existsSync(path) ? readFileSync(path, "utf8") : undefined;
    };
    const first = name();
    expect(first).toMatch(/^1796062698467 [0-9a-f]{64}$/);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(name()).toBe(first);
    expect(name({ STARTED: "1796062699000" })).toBe(first?.replace("698467", "699000"));
    expect(name({ GLITCHTIP_VERSION: "5.2.9" })).not.toBe(first);
    mkdirSync(`${path}.new`);
    expect(name()).toBeUndefined();
  });

  it("keeps nothing in a new database, which has no events", () => {
    expect(init("", RETAINS)).toBe("");
  });

  describe("with a script that is a list of manage.py's commands", () => {
    const ran = (more: NodeJS.ProcessEnv = {}) => {
      writeFileSync(join(folder, "bin/run-migrate.sh"), LIST);
      const { stdout, status } = runGate(["init"], "", more);
      const lines = [...stdout.matchAll(/^ran (\d+) (.*)$/gm)];
      return {
        processes: new Set(lines.map(([, pid]) => pid)).size,
        commands: lines.map(([, , text]) => text),
        stdout,
        status,
      };
    };

    it("runs all of them and the superuser's in one process", () => {
      const { processes, commands, stdout, status } = ran();
      expect(commands).toEqual(["migrate --skip-checks", "createcachetable", "pgpartition --yes"]);
      expect({ processes, status }).toEqual({ processes: 1, status: 0 });
      expect(stdout).toContain("glitchtip-compose: superuser admin@example.com created\n");
    });

    it("names the one that fails, and runs none after it", () => {
      const { commands, stdout, status } = ran({ FAILS: "createcachetable" });
      expect(commands).toEqual(["migrate --skip-checks", "createcachetable"]);
      expect(stdout).toContain("bin/run-migrate.sh: ./manage.py createcachetable failed (exit 7)\n");
      expect(status).toBe(1);
    });

    it("takes a superuser that is there for made, and no other failure", () => {
      const there = { FAILS: "createsuperuser", FAILS_WITH: "CommandError: That email is already taken." };
      expect(ran(there)).toMatchObject({ status: 0, stdout: expect.stringContaining("admin@example.com exists\n") });
      const other = ran({ FAILS: "createsuperuser", FAILS_WITH: "CommandError: no" });
      expect(other).toMatchObject({ status: 1, stdout: expect.stringContaining("CommandError: no\n") });
      expect(other.stdout).toContain("createsuperuser failed (exit 7)\n");
    });

    it.each([
      ["migrate", "django.db.utils.OperationalError: server closed the connection unexpectedly\n\tThis probably means"],
      ["createsuperuser", "DatabaseError: Connection terminated due to connection timeout\n    at Client.end"],
      ["pgpartition", "psycopg.OperationalError: connection failed: Connection refused\n\tIs the server running?"],
      ["createcachetable", "django.db.utils.InterfaceError: the connection is closed"],
    ])("tries again where %s lost its connection to the database", (command, text) => {
      const { status, stdout } = ran({ FAILS: command, FAILS_WITH: text, FAILS_TIMES: "2" });
      expect(stdout.match(/the connection to the database was lost; trying again \(\d of 3\)/g)).toEqual([
        expect.stringContaining("(1 of 3)"),
        expect.stringContaining("(2 of 3)"),
      ]);
      expect([status, stdout]).toEqual([0, expect.stringContaining("superuser admin@example.com created\n")]);
    });

    it("gives up after three more attempts", () => {
      const { status, stdout } = ran({ FAILS: "migrate", FAILS_WITH: "OperationalError: timeout expired" });
      expect(stdout.match(/^ran .* migrate /gm)).toHaveLength(4);
      expect([status, stdout]).toEqual([
        1,
        expect.stringMatching(/was lost 4 times; docker compose up -d --wait .*\n$/),
      ]);
    });

    it.each([
      [
        "a wrong password",
        'OperationalError: connection to server failed: FATAL: password authentication failed for user "x"',
      ],
      ["a failed migration", 'django.db.utils.ProgrammingError: column "level" does not exist'],
    ])("does not try again after %s", (_, text) => {
      const { status, stdout, commands } = ran({ FAILS: "migrate", FAILS_WITH: text });
      expect(commands).toEqual(["migrate --skip-checks"]);
      expect(stdout).not.toContain("trying again");
      expect(status).toBe(1);
    });

    it("hands the decision about older events on to it", () => {
      const told = "print('retains', os.environ.get('GLITCHTIP_RETAIN_LEGACY_DATA'))\n";
      writeFileSync(join(folder, "manage.py"), MANAGE + told);
      expect(ran(RETAINS).stdout).toContain("retains None");
    });

    it("commits without waiting for the disk, but not in a database of the user's own, where a pooler may refuse that", () => {
      writeFileSync(join(folder, "manage.py"), `${MANAGE}print('options', os.environ.get('PGOPTIONS'))\n`);
      expect(ran().stdout).toContain("options -c synchronous_commit=off");
      expect(ran({ DATABASE_URL_FILE: join(folder, "db"), VALKEY_URL: "redis://valkey" }).stdout).toContain(
        "options None",
      );
    });
  });

  it("tries GlitchTip's own script again where it lost its connection, and where its own connection was lost", () => {
    const flaky = (fails: string) =>
      writeFileSync(
        join(folder, "bin/run-migrate.sh"),
        `#!/bin/sh\nprintf x >> tries\n[ "$(cat tries)" = xx ] || { ${fails}; }\n`,
      );
    flaky("echo 'OperationalError: the connection is lost' >&2; exit 1");
    const again = runGate(["init"], "");
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining("trying again (1 of 3)\n")]);

    rmSync(join(folder, "tries"));
    const cut = 'raise OperationalError("consuming input failed: server closed the connection unexpectedly")';
    const once = `            if not os.path.exists("cut"):\n                open("cut", "w"); ${cut}\n`;
    const insert = '        if "INSERT INTO" in text:\n';
    writeFileSync(join(folder, "psycopg.py"), DRIVER.replace(insert, insert + once));
    writeFileSync(join(folder, "bin/run-migrate.sh"), "#!/bin/sh\n");
    const cutOff = runGate(["init"], "");
    expect([cutOff.status, cutOff.stdout]).toEqual([0, expect.stringContaining("trying again (1 of 3)\n")]);
  });

  it("leaves the decision to the operator's own variable", () => {
    expect(init("issue_events_issueevent", { GLITCHTIP_RETAIN_LEGACY_DATA: "False" })).toBe("False");
  });
});
