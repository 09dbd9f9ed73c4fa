// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { readUserFilesWith } from "../../../src/workspace/compose-files.ts";

const TEXT = "services:\n  api: { image: x, entrypoint: [run, '${PORT}'], network_mode: host }\n";
const log = (warnings: string[] = []) => ({
  info() {},
  step() {},
  debug() {},
  warn: (text: string) => warnings.push(text),
});
const read = (compose: () => Promise<unknown>, warnings?: string[], text = TEXT) =>
  readUserFilesWith(compose, "/nonexistent", [{ path: "compose.yaml", text }], { PORT: "80" }, log(warnings));
const refuses =
  (...problems: string[]) =>
  () =>
    Promise.reject(new CodedError("GC1604", "docker compose config failed", { problems }));

describe("files that Compose itself reads", () => {
  const service = { image: "x", entrypoint: ["run", "80"], command: null, networks: { default: null, back: null } };

  it("are taken from Compose, but an entrypoint keeps its variables", async () => {
    const { services } = await read(async () => ({
      name: "shop",
      services: { api: service, elsewhere: { image: "y" } },
    }));
    expect(services.api).toMatchObject({ entrypoint: ["run", "${PORT}"], networks: ["default", "back"] });
    expect(services.api).not.toHaveProperty("networkMode");
    expect(services).toHaveProperty("elsewhere");
  });

  it("give an entrypoint that our own reading does not find", async () => {
    const { services } = await read(async () => ({ services: { api: { ...service, entrypoint: ["$$other"] } } }));
    expect(services.api?.entrypoint).toEqual(["$$other"]);
  });

  it("are read by our own code where Compose is not installed", async () => {
    const { services } = await read(async () => undefined);
    expect(services.api).toMatchObject({ networkMode: "host" });
  });

  it("are refused with Compose's own message", async () => {
    await expect(read(refuses("services.api additional properties 'imag' not allowed"))).rejects.toMatchObject({
      code: "GC1103",
      message: "Compose refuses compose.yaml",
      problems: ["services.api additional properties 'imag' not allowed"],
    });
  });

  it.each(["required variable KEY is missing a value: say it", "env file /x/a.env not found: stat /x/a.env"])(
    "are not wrong because this machine lacks something: %s",
    async (problem) => {
      const warnings: string[] = [];
      expect((await read(refuses(problem), warnings)).services).toHaveProperty("api");
      expect(warnings).toEqual([`docker compose cannot start your services yet: ${problem}`]);
    },
  );

  it("may depend on our services, which Compose does not see here", async () => {
    const warnings: string[] = [];
    const problem = 'service "api" depends on undefined service "glitchtip": invalid compose project';
    expect((await read(refuses(problem), warnings)).services).toHaveProperty("api");
    expect(warnings).toEqual([]);
  });
});
