import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lineLog } from "../../../src/base/log.ts";
import { holdsDatabase, SecretStore } from "../../../src/provisioner/secret-store.ts";
import { setUpSecrets } from "../../../src/provisioner/setup.ts";
import { refusalOf } from "../../support/refusal.ts";

const MADE = ["glitchtip_admin_password", "glitchtip_db_password", "glitchtip_secret_key"];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "setup-"));
  for (const name of ["given", "old", "database", ...[...MADE, "glitchtip_email_url"].map((one) => `secrets/${one}`)]) {
    mkdirSync(join(dir, name), { recursive: true });
  }
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (path: string, text: string) => {
  rmSync(join(dir, path), { force: true });
  writeFileSync(join(dir, path), text);
};
const value = (name: string) => readFileSync(join(dir, "secrets", name, "value"), "utf8");
const setUp = (...names: string[]): string[] => setUpWith(new Map(), ...names);
const setUpWith = (handed: ReadonlyMap<string, string>, ...names: string[]): string[] => {
  const lines: string[] = [];
  const folders = { given: join(dir, "given"), old: join(dir, "old"), database: join(dir, "database") };
  const log = lineLog((line) => lines.push(line.trim()));
  setUpSecrets(names.length === 0 ? MADE : names, new SecretStore(join(dir, "secrets")), log, { folders, handed });
  return lines;
};

describe("the setup service", () => {
  it("makes what is missing from the alphabet that no address has to escape, readable for every container's user", () => {
    expect(setUp()).toEqual(["created admin_password", "created db_password", "created secret_key"]);
    const [admin = "", database = "", key = ""] = MADE.map(value);
    expect(admin).toMatch(/^[\w-]{24}$/);
    expect(database).toMatch(/^[\w-]{32}$/);
    expect(key).toMatch(/^[\w-]{64}$/);
    for (const name of MADE) {
      expect(readdirSync(join(dir, "secrets", name))).toEqual(["value"]);
      expect(statSync(join(dir, "secrets", name, "value")).mode & 0o777).toBe(0o444);
    }
  });

  it("never replaces one that it made, also beside a database", () => {
    setUp();
    const before = MADE.map(value);
    file("database/PG_VERSION", "18");
    expect(setUp()).toEqual([]);
    expect(MADE.map(value)).toEqual(before);
  });

  it("takes over what an earlier version kept in the workspace, and only once", () => {
    // An editor puts a newline there, which Postgres never took for a part of the password.
    file("old/db_password", "of-before\n");
    expect(setUp()).toEqual([
      "created admin_password",
      "took over db_password from .glitchtip/secrets",
      "created secret_key",
    ]);
    file("old/db_password", "edited");
    expect(setUp()).toEqual([]);
    expect(value("glitchtip_db_password")).toBe("of-before");
  });

  it.each([
    ["pw", "pw"],
    ["pw\n", "pw"],
    ["pw\r\n", "pw"],
    ["pw\n\n", "pw\n"],
    [" p w ", " p w "],
  ])("copies what is referred to without one line end: %j", (given, expected) => {
    file("given/glitchtip_email_url", given);
    expect(setUp("glitchtip_email_url")).toEqual(["copied email_url"]);
    expect(value("glitchtip_email_url")).toBe(expected);
    expect(setUp("glitchtip_email_url")).toEqual([]);
  });

  it("replaces a copy when what is referred to has changed", () => {
    file("given/glitchtip_admin_password", "first");
    setUp();
    file("given/glitchtip_admin_password", "second");
    expect(setUp()).toEqual(["copied admin_password"]);
    expect(value("glitchtip_admin_password")).toBe("second");
  });

  it("makes no password that an existing database would not know, and names what does", () => {
    mkdirSync(join(dir, "database/18/docker"), { recursive: true });
    file("database/18/docker/PG_VERSION", "18");
    const { code, problems, remedy } = refusalOf(() => setUp());
    expect(code).toBe("GC1107");
    expect(problems).toEqual([
      expect.stringContaining("admin_password: its volume is empty"),
      expect.stringContaining("db_password: its volume is empty"),
    ]);
    expect(remedy).toContain("glitchtip-compose secrets rotate db-password");
    // What does no harm is done: a new key only signs people out.
    expect(value("glitchtip_secret_key")).toMatch(/^[\w-]{64}$/);
    expect(() => value("glitchtip_db_password")).toThrow();
  });

  it("tells all problems at once: an empty reference, one that only our own command can read", () => {
    file("given/glitchtip_email_url", "\n");
    const { problems } = refusalOf(() => setUp("glitchtip_email_url", "glitchtip_database_url"));
    expect(problems).toEqual([expect.stringMatching(/^email_url: .* empty/), expect.stringMatching(/^database_url: /)]);
  });

  it("waits for what the command line hands over, and takes nothing that was handed over for another reference", () => {
    const name = "glitchtip_admin_password";
    const store = new SecretStore(join(dir, "secrets"));
    const problemsWith = (mark: string) => refusalOf(() => setUpWith(new Map([[name, mark]]), name)).problems;
    const missing = [expect.stringMatching(/^admin_password: .* npx glitchtip-compose up hands it over$/)];
    expect(problemsWith("11111111")).toEqual(missing);
    expect(store.value(name)).toBeUndefined();
    store.write(name, "from Vault");
    store.setMark(name, "11111111");
    expect(setUpWith(new Map([[name, "11111111"]]), name)).toEqual([]);
    expect(problemsWith("22222222")).toEqual(missing);
    expect(value(name)).toBe("from Vault");
  });

  it("finishes what a killed run left: an empty value is none", () => {
    file("secrets/glitchtip_db_password/value", "");
    file("secrets/glitchtip_db_password/made", "half");
    setUp();
    expect(value("glitchtip_db_password")).toMatch(/^[\w-]{32}$/);
    expect(readdirSync(join(dir, "secrets/glitchtip_db_password"))).toEqual(["value"]);
  });
});

describe("the volume of the database", () => {
  it.each(["PG_VERSION", "18/docker/PG_VERSION", "postgres/18/PG_VERSION"])("holds one with %s", (path) => {
    mkdirSync(join(dir, "database", path, ".."), { recursive: true });
    file(`database/${path}`, "18");
    expect(holdsDatabase(join(dir, "database"))).toBe(true);
  });

  it("holds none while it is fresh, or is not mounted", () => {
    mkdirSync(join(dir, "database/18/docker"), { recursive: true });
    expect(holdsDatabase(join(dir, "database"))).toBe(false);
    expect(holdsDatabase(join(dir, "nowhere"))).toBe(false);
  });

  it("holds one where Postgres has closed its folder", ({ skip }) => {
    if (process.getuid?.() === 0) skip("root may list every folder");
    mkdirSync(join(dir, "database/18/docker"), { recursive: true });
    chmodSync(join(dir, "database/18/docker"), 0);
    expect(holdsDatabase(join(dir, "database"))).toBe(true);
  });
});

describe("a rotation", () => {
  it("keeps the next value beside the one in use, until it is promoted; a second promotion does nothing", () => {
    const store = new SecretStore(join(dir, "secrets"));
    store.write("glitchtip_db_password", "old");
    store.write("glitchtip_db_password", "new", "next");
    expect(value("glitchtip_db_password")).toBe("old");
    store.promote("glitchtip_db_password");
    store.promote("glitchtip_db_password");
    expect(value("glitchtip_db_password")).toBe("new");
    expect(readdirSync(join(dir, "secrets/glitchtip_db_password"))).toEqual(["value"]);
  });
});
