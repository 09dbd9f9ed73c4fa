import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { type CliResult, cliFolders, keptOf, startCli } from "../support/cli-process.ts";
import { ADMIN } from "../support/provisioning.ts";

const PASSWORD_FILE = "password";

function declaration(url: string, more = ""): string {
  return `version: 1
server: { url: "${url}", containerUrl: "http://errors.internal:8000" }
admin: { email: ${ADMIN.email}, password: file:${PASSWORD_FILE} }
organization: Acme
projects: { shop: {}, jobs: {} }
apps:
  api: { project: shop, inject: provider }
  web: { project: shop, inject: provider, variables: { SENTRY_DSN: container, PUBLIC_SENTRY_DSN: public } }
  worker: { project: jobs, inject: provider, onFailure: start-without-reporting }
${more}`;
}

/** A project whose server is an emulator. */
async function project() {
  const folders = cliFolders();
  const emulator = await startEmulator({ generation: "6", superuser: ADMIN });
  writeFileSync(join(folders.project, "glitchtip.yaml"), declaration(emulator.url));
  writeFileSync(join(folders.project, PASSWORD_FILE), `${ADMIN.password}\n`);
  const call = async (...words: string[]): Promise<CliResult> => await startCli(folders, ...words).ended;
  return {
    folders,
    emulator,
    /** As Compose calls it; the order of its options changes from run to run. */
    compose: async (...words: string[]) => await call("compose", "--project-name=my-shop", ...words),
    call,
    async [Symbol.asyncDispose]() {
      await emulator[Symbol.asyncDispose]();
      folders[Symbol.dispose]();
    },
  };
}

interface Line {
  readonly type: string;
  readonly message: string;
}
const lines = ({ stdout }: CliResult): Line[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
const set = (result: CliResult): Record<string, string> =>
  Object.fromEntries(
    lines(result)
      .filter(({ type }) => type === "setenv")
      .map(({ message }) => [message.slice(0, message.indexOf("=")), message.slice(message.indexOf("=") + 1)]),
  );

const DSN = /^http:\/\/[0-9a-f]{32}@errors\.internal:8000\/\d+$/;

describe("compose, as Compose calls a provider", () => {
  it("provisions on up and passes each variable as a line of JSON", async () => {
    await using shop = await project();
    const result = await shop.compose("up", "glitchtip");
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(lines(result).every(({ type }) => ["info", "setenv"].includes(type))).toBe(true);
    expect(set(result)).toEqual({
      SENTRY_DSN: expect.stringMatching(DSN),
      PUBLIC_SENTRY_DSN: expect.stringContaining(`@${new URL(shop.emulator.url).host}/`),
    });
    // A second one has nothing to make, and the same to say: another value would recreate the apps.
    expect(set(await shop.compose("--unknown=1", "up", "glitchtip"))).toEqual(set(result));
  });

  it("passes the exact names, too, where Compose takes them, and says when a DSN has changed", async () => {
    await using shop = await project();
    const place = { ...shop.folders, env: { COMPOSE_PROVIDER_MESSAGES: "error,info,setenv,rawsetenv" } };
    const up = async () => await startCli(place, "compose", "--project-name=my-shop", "up", "glitchtip").ended;
    const first = lines(await up());
    const values = (type: string) => first.filter((line) => line.type === type).map(({ message }) => message);
    expect(values("rawsetenv")).toEqual(values("setenv"));
    expect(values("rawsetenv")).toHaveLength(2);
    // Compose reads this file before it calls the provider, so that a further `up` finds the app as it was created.
    const path = join(shop.folders.project, ".glitchtip/env/api.env");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, "utf8");
    for (const line of values("setenv")) {
      const [name, value] = line.split("=");
      expect(text).toContain(`${name}='${value}'\n`);
      expect(text).toContain(`GLITCHTIP_${name}='${value}'\n`);
    }
    expect(readFileSync(join(shop.folders.project, ".glitchtip/env/web.env"), "utf8")).toBe(text);
    writeFileSync(path, text.replaceAll(/[0-9a-f]{32}/g, "0".repeat(32)));
    expect(lines(await up())).toContainEqual({
      type: "info",
      message: "the DSN of api has changed: docker compose up -d again",
    });
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(lines(await up()).some(({ message }) => message.includes("has changed"))).toBe(false);
  });

  it("gives the apps of a further project their own service", async () => {
    await using shop = await project();
    const [first, second] = [await shop.compose("up", "glitchtip"), await shop.compose("up", "glitchtip_jobs")];
    expect(set(second).SENTRY_DSN).toMatch(DSN);
    expect(set(second).SENTRY_DSN).not.toBe(set(first).SENTRY_DSN);
  });

  it("works from a folder below the project's", async () => {
    await using shop = await project();
    mkdirSync(join(shop.folders.project, "api"));
    const result = await shop.call("-C", "api", "compose", "--project-name=my-shop", "up", "glitchtip");
    expect(set(result).SENTRY_DSN).toMatch(DSN);
  });

  it("hides its state from other users and from git", async () => {
    await using shop = await project();
    await shop.compose("up", "glitchtip");
    const folder = keptOf(shop.folders, "provider");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "state.json")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "state.json"), "utf8")).not.toContain(ADMIN.password);
  });

  it("does not let docker compose down fail, whatever is wrong", async () => {
    await using shop = await project();
    writeFileSync(join(shop.folders.project, "glitchtip.yaml"), "apps: [broken");
    expect(await shop.compose("down", "glitchtip")).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await shop.compose("--a=b", "down", "what-is-that")).toMatchObject({ code: 0, stdout: "" });
  });

  it("reports to Compose that it takes no options", async () => {
    await using shop = await project();
    const { code, stdout } = await shop.call("compose", "metadata");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ up: { parameters: [] }, down: { parameters: [] } });
  });

  it("says as a line of JSON why it cannot", async () => {
    await using shop = await project();
    writeFileSync(join(shop.folders.project, PASSWORD_FILE), "wrong");
    const result = await shop.compose("up", "glitchtip");
    expect(result).toMatchObject({ code: 1, stderr: "" });
    expect(lines(result).at(-1)).toMatchObject({ type: "error", message: expect.stringContaining("GC1301") });
    expect(result.stdout).not.toContain("setenv");
  });

  it("names a service that no app takes its DSN from", async () => {
    await using shop = await project();
    const result = await shop.compose("up", "glitchtip_other");
    expect([result.code, lines(result).at(-1)?.message]).toEqual([2, expect.stringContaining("glitchtip_other")]);
  });

  it("passes the last good DSN when the server refuses", async () => {
    await using shop = await project();
    const good = set(await shop.compose("up", "glitchtip"));
    shop.emulator.fault({
      path: /\/api\/0\/|envelope/,
      times: Number.POSITIVE_INFINITY,
      effect: { kind: "answer", status: 403 },
    });
    const result = await shop.compose("up", "glitchtip");
    expect(result.code).toBe(0);
    expect(set(result)).toEqual(good);
  });

  it("lets apps start without reporting when they may", async () => {
    await using shop = await project();
    writeFileSync(join(shop.folders.project, PASSWORD_FILE), "wrong");
    const result = await shop.compose("up", "glitchtip_jobs");
    expect(result.code).toBe(0);
    expect(set(result)).toEqual({ SENTRY_DSN: "" });
  });
});
