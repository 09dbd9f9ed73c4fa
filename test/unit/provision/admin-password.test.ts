import { describe, expect, it } from "vitest";
import { readEnvironment, readPassword } from "../../../src/provisioner/environment.ts";
import { TemporaryFolder } from "../../support/workspace.ts";

describe("the administrator's password", () => {
  it.each(["x y", "x y\n", "x y\r\n"])("is read without the newline at the end of its file: %j", (content) => {
    using folder = new TemporaryFolder();
    folder.write("pw", content);
    const environment = readEnvironment({ GLITCHTIP_ADMIN_PASSWORD_FILE: `${folder.path}/pw` });
    expect(readPassword(environment).reveal()).toBe("x y");
  });
});
