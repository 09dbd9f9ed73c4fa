import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { composeEnvFile, renderEnvFile } from "../../../src/outputs/env-file.ts";

const codeOf = (render: () => string): string => {
  try {
    return render();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
};

describe("renderEnvFile", () => {
  it("writes one export a variable, in single quotes", () => {
    expect(renderEnvFile({ SENTRY_DSN: "http://key@host:8000/1" })).toBe(
      "export SENTRY_DSN='http://key@host:8000/1'\n",
    );
  });

  it("is empty without variables", () => {
    expect(renderEnvFile({})).toBe("");
  });

  it("writes the same bytes whatever the order of the variables", () => {
    expect(renderEnvFile({ B: "2", A: "1" })).toBe(renderEnvFile({ A: "1", B: "2" }));
  });

  it("leaves nothing in a value for the shell to expand", () => {
    expect(renderEnvFile({ A: "it's $HOME `id`\n" })).toBe("export A='it'\\''s $HOME `id`\n'\n");
  });

  it.each(["spring.sentry.dsn", "A-B", "Log:Level", "1ST", "ä", "-n"])(
    "hands %s to env, for a shell cannot hold the name",
    (name) => {
      expect(renderEnvFile({ [name]: "it's" })).toBe(`set -- '${name}=it'\\''s' "$@"\n`);
    },
  );

  it.each(["UID", "PWD", "IFS", "BASH_VERSINFO", "_", "_gtc_file"])(
    "hands %s to env, for a shell changes it",
    (name) => {
      expect(renderEnvFile({ [name]: "1" })).toBe(`set -- '${name}=1' "$@"\n`);
    },
  );

  it("quotes a name that would end the quoting", () => {
    expect(renderEnvFile({ "a'b": "" })).toBe("set -- 'a'\\''b=' \"$@\"\n");
  });

  it.each(["", "A=B", "A\0"])("refuses the name %j", (name) => {
    expect(codeOf(() => renderEnvFile({ [name]: "x" }))).toBe("GC1101");
  });

  it("refuses a NUL byte in a value without repeating the value", () => {
    const render = () => renderEnvFile({ SENTRY_DSN: "sec\0ret" });
    expect(codeOf(render)).toBe("GC1101");
    expect(render).toThrow(/SENTRY_DSN/);
    expect(render).not.toThrow(/ret/);
  });
});

describe("an env file as Compose reads it", () => {
  it("has the same variables, names that are no identifiers included", () => {
    const dsn = "http://key@host:8000/a$b/1";
    expect(composeEnvFile(renderEnvFile({ SENTRY_DSN: dsn, "sentry.dsn": dsn, UID: dsn }))).toBe(
      `SENTRY_DSN='${dsn}'\nUID='${dsn}'\nsentry.dsn='${dsn}'\n`,
    );
  });

  it("writes a quote in an address in the address's own way", () => {
    expect(composeEnvFile(renderEnvFile({ DSN: "http://key@host/o'x/1" }))).toBe("DSN='http://key@host/o%27x/1'\n");
  });
});
