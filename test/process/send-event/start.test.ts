import { mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeInShells } from "../../support/shells.ts";
import { dsn, ID, installed, lines, listening, onlyPath, realPath, received, root, send, sh } from "./sending.ts";

listening();

const wrapper = new URL("../../../templates/with-dsn", import.meta.url).pathname;

describe("send-event", () => {
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

  it("tries the next program when one cannot be started", async ({ skip }) => {
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
});
