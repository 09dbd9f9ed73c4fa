import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { expect, it } from "vitest";
import { CanarySearch } from "../../support/canaries.ts";
import { MADE } from "./known.ts";
import type { World } from "./world.ts";

export function searchItself(world: World): void {
  const { search, root } = world;

  it("finds each secret in every form in which it might get out, also cut or in the middle of something", () => {
    const own = new CanarySearch();
    for (const [name, value] of Object.entries(MADE)) own.add({ name, value });
    own.add({ name: "dsn_key", value: "0f8fad5b-d9cb-469f-a165-70867728950e" });
    for (const [name, value] of Object.entries(MADE)) {
      for (const text of [
        `password=${value}`,
        JSON.stringify({ error: { message: value } }),
        `https://x/?p=${encodeURIComponent(value)}`,
        `Basic ${Buffer.from(`admin:${value}`).toString("base64")}`,
        `Basic ${Buffer.from(`admin1:${value}`).toString("base64url")}`,
        Buffer.from(value).toString("hex"),
        `${value.slice(0, 14)}…`,
        `…${value.slice(-14)}`,
        value.toUpperCase(),
      ]) {
        expect({ text, found: own.find(text) }).toEqual({ text, found: [name] });
      }
    }
    expect(own.find("http://0f8fad5bd9cb469fa16570867728950e@glitchtip:8000/1")).toEqual(["dsn_key"]);
    expect(own.find("id 0F8FAD5B-D9CB-469F-A165-70867728950E")).toEqual(["dsn_key"]);
    expect(own.find("nothing of it")).toEqual([]);
    expect(own.find(MADE.db_password, ["db_password"])).toEqual([]);
  });

  it("sees what a process was started with", async () => {
    const env = { ...world.engine.env, LEAK: MADE.secret_key };
    spawnSync("docker", ["compose", "version", MADE.db_password], { env });
    // Without `--` Node takes a password that begins with `-` for an option, and ends before it runs the hook.
    const node = spawnSync(execPath, ["-e", "0", "--", MADE.admin_password], { env: world.engine.env });
    expect(node.status).toBe(0);
    const seen = world.engine
      .processes()
      .map(({ argv, env: given }) => search.find([...argv, ...Object.values(given)].join("\n")));
    expect(seen.flat().sort()).toEqual(["admin_password", "db_password", "secret_key"]);
    for (const file of readdirSync(join(root, "engine", "records"))) rmSync(join(root, "engine", "records", file));
  });
}
