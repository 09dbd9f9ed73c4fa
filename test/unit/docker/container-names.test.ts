import { describe, expect, it } from "vitest";
import { runProcess } from "../../../src/base/process.ts";
import { openDockerCli } from "../../../src/docker/cli.ts";
import { dockerCall, rememberNames, withNames } from "../../../src/docker/container-names.ts";
import { answers } from "../../support/fake-docker.ts";

const ID = "7cece2bba2db".padEnd(64, "f");
const OTHER = "0123456789ab".padEnd(64, "0");
rememberNames([{ id: ID, name: "shop-glitchtip-db-1" }]);

describe("a message about a container", () => {
  it.each([
    [["exec", "-i", ID, "sh", "-c", "psql"], "a command in container shop-glitchtip-db-1"],
    [["exec", "-i", "-e", "A=b", "--user", "root", ID, "sh"], "a command in container shop-glitchtip-db-1"],
    [["exec", OTHER, "df"], "a command in container 0123456789ab"],
    [
      ["cp", "--follow-link", `${ID}:/code/uploads`, "-"],
      "`docker cp --follow-link shop-glitchtip-db-1:/code/uploads -`",
    ],
    [["compose", "--file", "compose.yaml", "up", "--wait"], "`docker compose --file compose.yaml up`"],
  ])("calls %j by what people know it by", (args, called) => {
    expect(dockerCall(args)).toBe(called);
  });

  it("shows names in what docker says, and leaves digests alone", () => {
    expect(withNames(`container ${ID} is not running`)).toBe("container shop-glitchtip-db-1 is not running");
    expect(withNames(`container ${OTHER}`)).toBe("container 0123456789ab");
    expect(withNames(`postgres@sha256:${OTHER}`)).toBe(`postgres@sha256:${OTHER}`);
  });

  it("of a command that takes too long has no id and no command line", async () => {
    const options = { dir: "/", env: { PATH: process.env.PATH }, signal: new AbortController().signal };
    const run: typeof runProcess = (_, __, more) => runProcess("sleep", ["60"], more);
    const late = openDockerCli({ ...options, run })(["exec", "-i", ID, "sh"], { deadlineMs: 20 });
    await expect(late).rejects.toThrow("a command in container shop-glitchtip-db-1 did not finish within 0 s");
  });

  it("of a command that fails has the name", async () => {
    const run = async () => answers({ code: 1, stdout: ID, stderr: `Error: container ${ID} is paused` });
    const cli = openDockerCli({ dir: "/", env: {}, signal: new AbortController().signal, run });
    expect(await cli(["exec", ID, "true"])).toMatchObject({
      stdout: ID,
      stderr: "Error: container shop-glitchtip-db-1 is paused",
    });
  });
});
