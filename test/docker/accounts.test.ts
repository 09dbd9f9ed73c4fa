import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { tokenIds } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

const DECLARATION = `version: 1
server: {image: "glitchtip/glitchtip:6"}
admin: {email: admin@example.com}
organization: Acme
projects: {shop: {}}
apps: {app: {project: shop}}
`;
/** Somebody has to wait for the provisioner: else `up --wait` ends with 1 where it has ended already. */
const COMPOSE = 'services: {app: {image: "busybox:1", entrypoint: [], command: [sleep, "3600"], init: true}}\n';
const ADMIN = "admin@example.com";
const ANN = "ann@example.com";

describeOnEngine("accounts and secrets of a running stack", () => {
  let stack: Stack;
  const cli = (...args: string[]) => stack.project.cli(args);
  const json = async (...args: string[]) => JSON.parse((await cli(...args, "--json")).stdout);
  const refused = async (...args: string[]) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(1);
    return stderr;
  };
  const signIn = async (email: string, password: string) => {
    const base = `http://127.0.0.1:${stack.project.ports.glitchtip}/_allauth/browser/v1`;
    const config = await fetch(`${base}/config`);
    const token = /csrftoken=([^;]+)/.exec(config.headers.get("set-cookie") ?? "")?.[1] ?? "";
    const answer = await fetch(`${base}/auth/login`, {
      method: "POST",
      headers: {
        cookie: `csrftoken=${token}`,
        "x-csrftoken": token,
        origin: new URL(base).origin,
        "content-type": "application/json",
      },
      body: JSON.stringify({ email, password }),
    });
    return answer.status;
  };

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE, "glitchtip.yaml": DECLARATION });
    await stack.init();
    await stack.up();
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
  });

  describe("user and organization", () => {
    it("a user is made with a piped password, signs in with it, and is listed", async () => {
      const made = await stack.project.cli(["user", "create", ANN, "--name", "Ann", "--password-file", "-"], {
        stdin: "correct horse\n",
      });
      expect(made).toMatchObject({ code: 0, stdout: `created ${ANN}\n` });
      expect(await signIn(ANN, "correct horse")).toBe(200);
      const { users } = await json("user", "list");
      expect(users.map(({ email }: { email: string }) => email)).toEqual([ADMIN, ANN]);
      expect(await refused("user", "create", ANN.toUpperCase(), "--no-password")).toContain("is taken");
    });

    it("a password that GlitchTip refuses changes nothing", async () => {
      const short = await stack.project.cli(["user", "password", ANN, "--password-file", "-"], { stdin: "123" });
      expect(short).toMatchObject({ code: 1, stderr: expect.stringContaining("too short") });
      expect(await signIn(ANN, "correct horse")).toBe(200);
    });

    it("the last superuser and the last owner stay", async () => {
      expect(await refused("user", "superuser", ADMIN, "off")).toContain("the last superuser");
      expect(await refused("user", "active", ADMIN, "off")).toContain("the last superuser");
      expect(await refused("user", "delete", ADMIN, "--confirm", ADMIN)).toContain("the last superuser");
      expect(await refused("user", "role", ADMIN, "acme", "member")).toContain("the last owner of acme");
      expect(await refused("organization", "remove", "acme", ADMIN)).toContain("the last owner of acme");
    });

    it("a dry run says what would be, and nothing is", async () => {
      expect(await json("organization", "add", "acme", ANN, "--role", "owner", "--dry-run")).toMatchObject({
        dryRun: true,
      });
      expect(await json("user", "delete", ANN, "--dry-run")).toMatchObject({ dryRun: true });
      expect((await json("user", "info", ANN)).organizations).toEqual([]);
    });

    it("an organization changes its owner, after which the first one may go", async () => {
      await cli("organization", "add", "acme", ANN, "--role", "owner");
      expect(await cli("user", "superuser", ANN, "on")).toMatchObject({ code: 0 });
      expect(await cli("user", "role", ADMIN, "acme", "member")).toMatchObject({ code: 0 });
      const { members } = await json("organization", "info", "acme");
      expect(members).toEqual([
        { email: ADMIN, role: "member", pending: false },
        { email: ANN, role: "owner", pending: false },
      ]);
      await cli("user", "role", ADMIN, "acme", "owner");
    });

    it("a user's address changes, and a member leaves an organization", async () => {
      expect(await cli("user", "create", "bob@example.com", "--no-password")).toMatchObject({ code: 0 });
      expect(await cli("user", "update", "bob@example.com", "--email", "rob@example.com")).toMatchObject({ code: 0 });
      await cli("organization", "add", "acme", "rob@example.com", "--role", "manager");
      const left = await cli("organization", "remove", "acme", "rob@example.com", "--confirm", "rob@example.com");
      expect(left).toMatchObject({ code: 0 });
      expect((await json("user", "info", "rob@example.com")).organizations).toEqual([]);
      await cli("user", "delete", "rob@example.com", "--confirm", "rob@example.com");
    });

    it("a user is deleted when the name is typed, and not before", async () => {
      await cli("user", "create", "bob@example.com", "--no-password");
      const unasked = await cli("user", "delete", "bob@example.com");
      expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining("--confirm bob@example.com") });
      expect(await cli("user", "delete", "bob@example.com", "--confirm", "bob@example.com")).toMatchObject({
        code: 0,
      });
      expect(await refused("user", "info", "bob@example.com")).toContain("there is no user");
    });

    it("an organization is made for an owner who is there", async () => {
      expect(await refused("organization", "create", "Labs", "--owner", "nobody@example.com")).toContain(
        "there is no user",
      );
      expect(await json("organization", "create", "Labs", "--owner", ANN)).toMatchObject({
        organization: { slug: "labs", members: [{ email: ANN, role: "owner" }] },
      });
      expect(await refused("organization", "create", "Labs", "--owner", ANN)).toContain("already");
    });
  });

  describe("secrets", () => {
    const others = async () => {
      const { stdout } = await cli("psql", "-At", "-c", "select 1");
      return stdout;
    };

    it("are listed without a word of them", async () => {
      const { secrets } = await json("secrets", "list");
      expect(secrets.map(({ state }: { state: string }) => state)).toEqual(["good", "good", "good"]);
      expect(JSON.stringify(secrets)).not.toContain(await stack.secret("db_password"));
    });

    it("another database password: the server takes it, web and worker use it, the file is 0444 without newline", async () => {
      const before = await stack.secret("db_password");
      expect(await cli("secrets", "rotate", "db-password", "--yes")).toMatchObject({ code: 0 });
      const after = await stack.secret("db_password");
      expect(after).toMatch(/^[A-Za-z0-9_-]{32}$/);
      expect(after).not.toBe(before);
      expect(await stack.statVolume("glitchtip-db-password")).toMatch(/^\/volume\/value \d+ 32 444 .*\n$/);
      expect(await others()).toBe("1\n");
      const login = (password: string) =>
        stack.exec(
          "glitchtip",
          "python",
          "-c",
          `import psycopg; psycopg.connect(host='glitchtip-db', user='glitchtip', dbname='glitchtip', password='${password}')`,
        );
      expect(await login(after)).toMatchObject({ code: 0 });
      expect((await login(before)).code).not.toBe(0);
      expect(await json("status")).toMatchObject({ state: "ok" });
    });

    it("a change that was killed at any step goes on with the same command", async () => {
      for (const step of ["kept", "set", "swapped"]) {
        const wanted = `killed-at-${step}-${"x7Kq9".repeat(4)}`;
        // As a killed run leaves it: the new value is kept, and the server has it from `set` on.
        if (step !== "kept") await cli("psql", "-c", `alter role glitchtip password '${wanted}'`);
        await stack.setSecret("db_password", wanted, step === "swapped" ? "value" : "next");
        stack.write(".glitchtip/state/secrets.json", JSON.stringify({ version: 1, file: "db_password", step }));
        expect(await refusedOther()).toContain("was interrupted");
        const done = await json("secrets", "rotate", "db-password", "--yes");
        expect(done).toMatchObject({ what: "db-password", resumed: true });
        expect(await stack.secret("db_password")).toBe(wanted);
        expect(await json("status")).toMatchObject({ state: "ok" });
      }
      async function refusedOther() {
        return await refused("secrets", "rotate", "secret-key", "--yes");
      }
    });

    it("another secret key, admin password and token: each is in use afterwards", async () => {
      const before = await tokenIds(stack);
      for (const what of ["secret-key", "admin-password", "token"]) {
        expect(await cli("secrets", "rotate", what, "--yes")).toMatchObject({ code: 0 });
      }
      expect(await signIn(ADMIN, await stack.secret("admin_password"))).toBe(200);
      expect(await tokenIds(stack)).not.toEqual(before);
      await stack.up();
      expect(await json("status")).toMatchObject({ state: "ok", provisioner: { state: "ok" } });
    });

    it("a password that is piped in is the administrator's from then on", async () => {
      const password = "correct horse battery staple";
      const given = ["secrets", "rotate", "admin-password", "--password-file", "-", "--yes"];
      expect(await stack.project.cli(given, { stdin: `${password}\n` })).toMatchObject({ code: 0 });
      expect(await signIn(ADMIN, password)).toBe(200);
    });

    it("says what it ends before it asks", async () => {
      const asked = await cli("secrets", "rotate", "secret-key");
      expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining("everybody is signed out") });
    });
  });
});
