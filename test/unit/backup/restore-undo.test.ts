import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newRestore, type RestoreProgress, restoreProgress } from "../../../src/backup/restore/progress.ts";
import { abortRestore } from "../../../src/backup/restore/restore.ts";
import { restoredVolumes } from "../../../src/backup/restore/volumes.ts";
import type { StackContext } from "../../../src/backup/stack-sources.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { requireFreePorts } from "../../../src/running/index.ts";
import { answers, container, fakeDocker } from "../../support/fake-docker.ts";
import { manifestWith } from "../../support/manifest.ts";
import { declarationWith } from "../../support/stack.ts";

const SERVICES = ["glitchtip-db", "glitchtip-valkey", "glitchtip", "glitchtip-worker", "glitchtip-provision", "api"];
const RAN = ["glitchtip-db", "glitchtip-valkey", "glitchtip", "glitchtip-worker", "api"];
const { signal } = new AbortController();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "undo-"));
  writeFileSync(join(dir, "glitchtip.yaml"), declarationWith(""));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/**
 * A stack in the middle of a restore: what is restored is in use, and what was there is kept beside it. The call with the
 * number `failing` fails once.
 */
function stackInRestore(failing: number | undefined, dumps: boolean[] = []) {
  const progress: RestoreProgress = {
    ...newRestore({ path: "/b", manifest: manifestWith() }, RAN),
    step: "state",
    scratch: "glitchtip_restore_1",
  };
  restoreProgress.save(dir, progress);
  const replaced = `glitchtip_before_${progress.id}`;
  const databases = new Map([
    ["glitchtip", "restored"],
    [replaced, "old"],
    ["glitchtip_restore_2", "of a killed attempt"],
  ]);
  const volumes = { uploads: "restored", state: "restored" };
  const running = new Set(["glitchtip-db", "api"]);
  const calls: string[] = [];
  const call = (name: string) => {
    calls.push(name);
    if (calls.length === failing) throw new Error(`${name} failed`);
  };
  const copied: (string | undefined)[] = [];
  const dump = () => {
    call("dump");
    copied.push(databases.get("glitchtip"));
    const failed = dumps.shift() === false;
    return answers(failed ? { code: 1, stderr: "no space left" } : { stderr: "server 180003\nbytes 1\npg_dump 0\n" });
  };
  const psql = (script: string, env: Readonly<Record<string, string>>) => {
    if (script.includes("starts_with")) {
      call("names");
      return [...databases.keys()].filter((name) => name.startsWith(env.PREFIX ?? "?")).join("\n");
    }
    call(script.includes("RENAME TO") ? "swap" : "drop");
    const [from, aside] = [env.FROM ?? "", env.ASIDE ?? ""];
    if (script.includes("RENAME TO") && databases.has(from)) {
      databases.set(aside, databases.get("glitchtip") ?? "");
      databases.set("glitchtip", databases.get(from) ?? "");
      databases.delete(from);
    } else databases.delete(env.DATABASE ?? "");
    return "";
  };
  const docker = fakeDocker({
    config: { services: Object.fromEntries(SERVICES.map((name) => [name, {}])) },
    engine: {
      containers: async () =>
        SERVICES.map((name) => container(name, { state: running.has(name) ? "running" : "exited" })),
    },
    cli: async (args) => {
      if (args[0] === "exec" && args.includes("valkey-cli")) {
        call("flush");
        return answers({ stdout: "OK\n" });
      }
      if (args[0] === "cp") return answers();
      if (args[0] === "exec" && args.at(-1)?.includes("pg_dump")) return dump();
      if (args[0] === "exec" && args.at(-1)?.includes("pg_database_size")) {
        return answers({ stdout: "server 180003\nbytes 1\n" });
      }
      if (args[0] === "exec") {
        const env = Object.fromEntries(args.filter((_, i) => args[i - 1] === "-e").map((one) => one.split("=")));
        return answers({ stdout: psql(args.at(-1) ?? "", env) });
      }
      call("stop");
      for (const name of args.slice(4)) running.delete(name);
      return answers();
    },
    compose: {
      up: async ({ services = [], flags = [] } = {}) => {
        call("up");
        if (!flags.includes("--no-start")) for (const name of services) running.add(name);
      },
      run: async (service, [, script = ""], options) => {
        call(`volume of ${service}`);
        expect(options?.ownsFiles).toBe(true);
        const volume = service === "glitchtip" ? "uploads" : "state";
        if (/move \.before-|mv -f before-/.test(script)) volumes[volume] = "old";
        return answers();
      },
    },
  });
  const declaration = loadDeclaration(declarationWith("backup: {folder: copies}\n"), "glitchtip.yaml");
  const context = {
    docker,
    workspace: { dir, declaration, env: {}, composeFiles: [] },
    toolVersion: "1",
    clock: systemClock,
    signal,
    log: silentLog,
  } as unknown as StackContext;
  return { context, calls, databases, volumes, running, copied };
}

describe("taking a restore back", () => {
  it("brings database, uploads and the provisioner's state back, and starts what ran", async () => {
    const { context, databases, volumes, running } = stackInRestore(undefined);
    expect(await abortRestore(context)).toBe("/b");
    expect([...databases]).toEqual([["glitchtip", "old"]]);
    expect(volumes).toEqual({ uploads: "old", state: "old" });
    expect([...running].sort()).toEqual([...RAN].sort());
    expect(restoreProgress.read(dir)).toBeUndefined();
  });

  it("copies what the restored server has accepted while it was proved, because nothing else has it", async () => {
    const { context, databases, copied } = stackInRestore(undefined);
    await abortRestore(context);
    expect(copied).toEqual(["restored"]);
    expect(readdirSync(join(dir, "copies")).filter((name) => name.startsWith("glitchtip-"))).toHaveLength(1);
    expect([...databases]).toEqual([["glitchtip", "old"]]);
  });

  it("keeps the database with what was accepted where the copy fails, and serves what was there", async () => {
    const { context, databases, running } = stackInRestore(undefined, [false]);
    await abortRestore(context);
    expect([...databases]).toEqual([
      ["glitchtip", "old"],
      [expect.stringMatching(/^glitchtip_accepted_/), "restored"],
    ]);
    expect([...running].sort()).toEqual([...RAN].sort());
  });

  it("serves what was there whichever call fails, at once where the database is back, else after the next try", async () => {
    const all = await (async () => {
      const { context, calls } = stackInRestore(undefined);
      await abortRestore(context);
      return calls;
    })();
    expect(all.length).toBeGreaterThan(8);
    for (const [i, name] of all.entries()) {
      const what = `call ${i + 1}, ${name}`;
      const { context, databases, volumes, running } = stackInRestore(i + 1);
      await expect(abortRestore(context), what).rejects.toThrow(`${name} failed`);
      // The server never runs on the restored database: what it accepted would be lost.
      if (running.has("glitchtip")) expect(databases.get("glitchtip"), what).toBe("old");
      // A failure after the swap does not keep the services from starting.
      if (i > all.indexOf("swap") && i < all.length - 1) expect(running.has("glitchtip"), what).toBe(true);
      expect(restoreProgress.read(dir), what).toBeDefined();

      await abortRestore(context);
      expect([...databases], what).toEqual([["glitchtip", "old"]]);
      expect(volumes, what).toEqual({ uploads: "old", state: "old" });
      expect([...running].sort(), what).toEqual([...RAN].sort());
      expect(restoreProgress.read(dir), what).toBeUndefined();
    }
  });

  it("goes on with a restore that was proved, where only the cleaning was left", async () => {
    const { context, databases, volumes, calls } = stackInRestore(undefined);
    const progress = restoreProgress.read(dir);
    if (progress === undefined) throw new Error("no progress");
    restoreProgress.save(dir, { ...progress, step: "started" });
    databases.delete(`glitchtip_before_${progress.id}`);
    await abortRestore(context);
    expect(databases.get("glitchtip")).toBe("restored");
    expect(calls).not.toContain("stop");
    expect(volumes.uploads).toBe("restored");
    expect(restoreProgress.read(dir)).toBeUndefined();
  });
});

describe("before a restore stops anything", () => {
  it.each([
    {
      what: "a folder that cannot be written",
      answer: answers({ stdout: "./old\n" }),
      says: "./old cannot be written",
    },
    {
      what: "a read-only volume",
      answer: answers({ code: 1, stderr: "mkdir: cannot create directory: Read-only file system\n" }),
      says: "mkdir: cannot create directory: Read-only file system",
    },
  ])("refuses $what and names it", async ({ answer, says }) => {
    const docker = fakeDocker({ compose: { run: async () => answer } });
    const volumes = restoredVolumes({ docker, signal, provisions: true }, "0".repeat(12));
    await expect(volumes.requireRights()).rejects.toMatchObject({ code: "GC1804", problems: [says] });
  });

  it("refuses a port that the original beside it has", async () => {
    const published = {
      port: 8000,
      hostIp: "127.0.0.1",
      protocol: "tcp",
      container: "shop-glitchtip-1",
      project: "shop",
    };
    const docker = fakeDocker({ engine: { publishedPorts: async () => [published] } });
    const config = (name: string) => ({
      name,
      services: { glitchtip: { ports: [{ target: 8000, published: "8000", host_ip: "127.0.0.1" }] } },
    });
    await expect(requireFreePorts(docker, config("copy") as never)).rejects.toMatchObject({
      code: "GC1603",
      problems: ["127.0.0.1:8000 is in use by shop-glitchtip-1"],
    });
    await requireFreePorts(docker, config("shop") as never);
  });
});
