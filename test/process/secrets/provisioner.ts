import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { dsnFile } from "../../../src/config/dsn-volumes.ts";
import type { FaultEffect } from "../../../src/emulator/index.ts";
import { append, replaceByFile, writeAnew } from "./changes.ts";
import { random } from "./known.ts";
import { INIT, type Project, secretIn } from "./project.ts";
import type { World } from "./world.ts";

export function provisionerShowsNone(world: World): void {
  const { run, search, learnSecrets, makeProject, environmentOf, shop, expectOnlyAllowedFiles } = world;

  it("shows no secret when all goes well, nor when it reads events back", async () => {
    await run("provisioner", [], { code: 0 });
    learnSecrets(shop);
    expect(search.find(readFileSync(dsnFile(shop.dsn, "api"), "utf8"))).toEqual(["dsn_key"]);
    await run("provisioner", [], { code: 0 });
    rmSync(join(shop.state, "state.json"));
    expect((await run("provisioner", [])).stderr).toContain("found API token");
    const events = [{ app: "api", eventId: "0".repeat(32), mark: "x" }];
    const stdin = JSON.stringify({ withinMs: 200, events });
    await run("provisioner", ["read-back"], { stdin, code: 1 });
    await run("provisioner", ["read-back"], { stdin: "{", code: 1 });
    // The command line asks for the old key and looks it up.
    const shows = ["dsn_key"];
    await run("provisioner", ["rotate"], { stdin: '{"verb":"show"}', shows, code: 0 });
    await run("provisioner", ["rotate"], { stdin: '{"verb":"nonsense"}', code: 1 });
  });

  const faults: Readonly<Record<string, { path?: RegExp; effect: FaultEffect }>> = {
    "HTML instead of the API": { effect: { kind: "html" } },
    "a server that fails": { effect: { kind: "answer", status: 500 } },
    "a redirect": { effect: { kind: "redirect" } },
    "a connection that is reset": { effect: { kind: "reset" } },
    "an answer that is cut": { effect: { kind: "truncate" } },
    "a server that asks to wait": { path: /api\/0/, effect: { kind: "rate-limit", retryAfter: 3600 } },
    "a permission that is missing": {
      path: /api\/0/,
      effect: { kind: "answer", status: 403, body: { detail: "Permission denied" } },
    },
    "a refused key": { path: /envelope/, effect: { kind: "answer", status: 403, body: { detail: "Denied" } } },
    "a throttled key": { path: /envelope/, effect: { kind: "rate-limit" } },
    "a sign-in that fails": { path: /allauth/, effect: { kind: "answer", status: 500, body: { detail: "Oops" } } },
    "a sign-in behind another page": {
      path: /allauth/,
      effect: { kind: "answer", status: 403, body: "<title>403 Forbidden</title>" },
    },
  };

  it.each(Object.entries(faults))(
    "says no secret about %s, with its memory and without",
    async (_name, { path, effect }) => {
      const fresh = makeProject(`fault-${random(4)}`);
      await run("cli", INIT, { cwd: fresh.dir, code: 0 });
      world.emulator.fault({ ...(path === undefined ? {} : { path }), times: Number.POSITIVE_INFINITY, effect });
      // A refused key may be accepted again after half a minute, which is too long for this test.
      const until = /trying again in/;
      try {
        await Promise.all([
          run("provisioner", [], { until }),
          run("provisioner", [], { env: environmentOf(fresh), until }),
          run("provisioner", ["read-back"], { stdin: JSON.stringify({ withinMs: 100, events: [] }) }),
        ]);
      } finally {
        world.emulator.clearFaults();
      }
      for (const folder of [fresh.state, fresh.dsn, shop.dsn]) expectOnlyAllowedFiles(folder);
    },
  );

  it.each([
    ["a wrong password", (p: Project) => writeAnew(secretIn(p, "admin_password"), "not the one"), {}],
    ["a password that is not there", (p: Project) => rmSync(secretIn(p, "admin_password")), {}],
    ["nothing that listens", () => {}, { GLITCHTIP_URL: "http://127.0.0.1:9" }],
    ["a name that does not resolve", () => {}, { GLITCHTIP_URL: "http://glitchtip.invalid" }],
    ["a state folder that cannot be written", (p: Project) => replaceByFile(p.state), {}],
    ["a DSN folder that cannot be written", (p: Project) => replaceByFile(p.dsn), {}],
    ["an input file that is broken", (p: Project) => append(join(p.dir, ".glitchtip/provision.json"), "}"), {}],
    ["a memory that was cut", (p: Project) => writeFileSync(join(p.state, "state.json"), '{"version":1,"tok'), {}],
  ] as const)("says no secret about %s", async (what, break_, env) => {
    const project = makeProject(`bad-${what.replaceAll(" ", "-")}`);
    await run("cli", INIT, { cwd: project.dir, code: 0 });
    break_(project);
    const { code, stderr } = await run("provisioner", [], { env: { ...environmentOf(project), ...env } });
    if (!what.startsWith("a memory"))
      expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining("error GC")]);
    await run("provisioner", [], { env: { ...environmentOf(project), ...env } });
  });
}
