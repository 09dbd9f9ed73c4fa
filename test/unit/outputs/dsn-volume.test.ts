import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publish, publishFailure, retire, type Status, takeOver } from "../../../src/outputs/dsn-volume.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-dsn-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ENV = "export SENTRY_DSN='http://k@glitchtip:8000/1'\n";
const OK: Status = {
  version: 1,
  state: "ok",
  server: { version: "6.2.6" },
  organization: "acme",
  apps: {
    api: { project: "shop-api", projectId: "1", variables: { SENTRY_DSN: "container" }, dsn: "proved" },
  },
};
const [ONE, TWO] = [new Date("2026-08-01T10:00:00Z"), new Date("2026-08-02T10:00:00Z")];
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const status = () => JSON.parse(read("status.json"));
const files = () =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => statSync(join(folder, name)).isFile()).sort();
const inodes = () => files().map((name) => [name, statSync(join(folder, name)).ino]);
const [API, WEB] = ["apps/api/api.env", "apps/web/web.env"];

describe("publishing", () => {
  it("writes a file an app and the status with its time, readable by every user", () => {
    expect(publish(folder, { api: ENV, web: "" }, OK, ONE)).toBe(true);
    expect(read(API)).toBe(ENV);
    expect(read(WEB)).toBe("");
    const at = "2026-08-01T10:00:00.000Z";
    expect(status()).toEqual({ ...OK, at, writtenAt: { api: at, web: at } });
    expect(files()).toEqual([API, WEB, "status.json"]);
    for (const name of files()) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o444);
  });

  it("writes nothing when nothing changed: not even the time", () => {
    publish(folder, { api: ENV }, OK, ONE);
    const before = inodes();
    expect(publish(folder, { api: ENV }, OK, TWO)).toBe(false);
    expect(inodes()).toEqual(before);
    expect(status().at).toBe("2026-08-01T10:00:00.000Z");
  });

  it("writes only the file that changed, and the status with its time", () => {
    publish(folder, { api: ENV, web: ENV }, OK, ONE);
    const { ino } = statSync(join(folder, WEB));
    expect(publish(folder, { api: "new", web: ENV }, OK, TWO)).toBe(true);
    expect(read(API)).toBe("new");
    expect(statSync(join(folder, WEB)).ino).toBe(ino);
    expect(status()).toMatchObject({
      at: "2026-08-02T10:00:00.000Z",
      writtenAt: { api: "2026-08-02T10:00:00.000Z", web: "2026-08-01T10:00:00.000Z" },
    });
  });

  it("writes the status when only that changed", () => {
    publish(folder, { api: ENV }, OK, ONE);
    expect(publish(folder, { api: ENV }, { ...OK, server: { version: "6.3.0" } }, TWO)).toBe(true);
    expect(status()).toMatchObject({ server: { version: "6.3.0" }, at: "2026-08-02T10:00:00.000Z" });
  });

  it.each(["", "{", "null", "[]", '"x"', '{"version":7}'])("takes a status of %j for none", (text) => {
    writeFileSync(join(folder, "status.json"), text);
    expect(publish(folder, { api: ENV }, OK, ONE)).toBe(true);
    expect(status().state).toBe("ok");
  });

  it("changes nothing when one file cannot be written", () => {
    publish(folder, { api: ENV }, OK, ONE);
    mkdirSync(join(folder, WEB), { recursive: true });
    expect(() => publish(folder, { api: "new", web: "new" }, OK, TWO)).toThrow(
      expect.objectContaining({ code: "GC1501" }),
    );
    expect(read(API)).toBe(ENV);
    expect(status().at).toBe("2026-08-01T10:00:00.000Z");
    expect(files()).toEqual([API, "status.json"]);
  });
});

describe("a failed run", () => {
  const error = { code: "GC1203", message: "it was not ready within 300 s" };

  it("keeps the DSNs and their status, and adds the error and its time", () => {
    publish(folder, { api: ENV }, OK, ONE);
    const { ino } = statSync(join(folder, API));
    publishFailure(folder, error, TWO);
    expect(statSync(join(folder, API)).ino).toBe(ino);
    expect(status()).toEqual({
      ...OK,
      state: "failed",
      error,
      at: "2026-08-02T10:00:00.000Z",
      writtenAt: { api: "2026-08-01T10:00:00.000Z" },
    });
  });

  it("is written where nothing was published before", () => {
    publishFailure(folder, error, ONE);
    expect(status()).toEqual({
      version: 1,
      state: "failed",
      apps: {},
      error,
      at: "2026-08-01T10:00:00.000Z",
      writtenAt: {},
    });
  });

  it("ends with the next good run, which removes its error", () => {
    publish(folder, { api: ENV }, OK, ONE);
    publishFailure(folder, error, TWO);
    expect(publish(folder, { api: ENV }, OK, TWO)).toBe(true);
    expect(status()).toEqual({
      ...OK,
      at: "2026-08-02T10:00:00.000Z",
      writtenAt: { api: "2026-08-01T10:00:00.000Z" },
    });
  });
});

describe("an app that is no longer declared", () => {
  it("has its DSN emptied, so that its old container still starts, and its file removed by the run after that", () => {
    publish(folder, { api: ENV, web: ENV }, OK, ONE);
    retire(folder, ["api"]);
    expect([read(API), read(WEB)]).toEqual([ENV, ""]);
    expect(statSync(join(folder, WEB)).mode & 0o777).toBe(0o444);
    retire(folder, ["api"]);
    expect(files()).toEqual([API, "status.json"]);
    const before = inodes();
    retire(folder, ["api"]);
    expect(inodes()).toEqual(before);
    expect(readdirSync(join(folder, "apps"))).toEqual(["api"]);
  });
});

describe("the DSNs of an earlier version, which all apps could read", () => {
  const OLD = "export SENTRY_DSN='http://old@glitchtip:8000/1'\n";
  beforeEach(() => {
    for (const name of ["api.env", "gone.env"]) writeFileSync(join(folder, name), OLD, { mode: 0o444 });
  });

  it("are taken over before a server is asked, and stay for a container that was not recreated yet", () => {
    expect(takeOver(folder, ["api", "web"])).toEqual(["api"]);
    expect([read(API), read("api.env")]).toEqual([OLD, OLD]);
    expect(statSync(join(folder, API)).mode & 0o777).toBe(0o444);
  });

  it("never replace a DSN that is there", () => {
    publish(folder, { api: ENV }, OK, ONE);
    expect(takeOver(folder, ["api"])).toEqual([]);
    expect(read(API)).toBe(ENV);
  });

  it("are gone after two more runs", () => {
    const run = () => {
      const takenOver = takeOver(folder, ["api"]);
      publish(folder, { api: ENV }, OK, ONE);
      retire(folder, ["api"], takenOver);
      return files();
    };
    expect(run()).toEqual(["api.env", API, "gone.env", "status.json"]);
    expect(read("gone.env")).toBe("");
    expect([run(), run()]).toEqual([
      ["api.env", API, "status.json"],
      [API, "status.json"],
    ]);
    expect(read(API)).toBe(ENV);
  });
});

describe("the DSNs in a stack whose Compose file is an earlier version's, such as an ejected one", () => {
  /** The mounts that /proc/self/mountinfo lists: api has no volume of its own, and web has one. */
  const mounts = () => new Set(["/", folder, join(folder, "apps/web")]);
  const run = (content = ENV, apps = ["api", "web"]) => {
    const takenOver = takeOver(folder, apps, mounts());
    const envFiles = Object.fromEntries(apps.map((app) => [app, content]));
    publish(folder, envFiles, OK, ONE, mounts());
    retire(folder, apps, takenOver, mounts());
    return files();
  };

  it("stay where the app reads them, over any number of runs", () => {
    writeFileSync(join(folder, "api.env"), "export SENTRY_DSN='http://old@glitchtip:8000/1'\n", { mode: 0o444 });
    for (const content of [ENV, ENV, "new", "new"]) {
      expect(run(content)).toEqual(["api.env", WEB, "status.json"]);
      expect([read("api.env"), read(WEB)]).toEqual([content, content]);
    }
  });

  it("go with their app, in two steps", () => {
    run();
    run(ENV, ["web"]);
    expect(read("api.env")).toBe("");
    expect(run(ENV, ["web"])).toEqual([WEB, "status.json"]);
  });
});
