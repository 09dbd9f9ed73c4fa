import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publish, publishFailure, retire, type Status } from "../../../src/outputs/dsn-volume.ts";

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
const inodes = () => readdirSync(folder).map((name) => [name, statSync(join(folder, name)).ino]);

describe("publishing", () => {
  it("writes a file an app and the status with its time, readable by every user", () => {
    expect(publish(folder, { api: ENV, web: "" }, OK, ONE)).toBe(true);
    expect(read("api.env")).toBe(ENV);
    expect(read("web.env")).toBe("");
    const at = "2026-08-01T10:00:00.000Z";
    expect(status()).toEqual({ ...OK, at, writtenAt: { api: at, web: at } });
    expect(readdirSync(folder).sort()).toEqual(["api.env", "status.json", "web.env"]);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o444);
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
    const { ino } = statSync(join(folder, "web.env"));
    expect(publish(folder, { api: "new", web: ENV }, OK, TWO)).toBe(true);
    expect(read("api.env")).toBe("new");
    expect(statSync(join(folder, "web.env")).ino).toBe(ino);
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
    mkdirSync(join(folder, "web.env"));
    expect(() => publish(folder, { api: "new", web: "new" }, OK, TWO)).toThrow(
      expect.objectContaining({ code: "GC1501" }),
    );
    expect(read("api.env")).toBe(ENV);
    expect(status().at).toBe("2026-08-01T10:00:00.000Z");
    expect(readdirSync(folder).sort()).toEqual(["api.env", "status.json", "web.env"]);
  });
});

describe("a failed run", () => {
  const error = { code: "GC1203", message: "it was not ready within 300 s" };

  it("keeps the DSNs and their status, and adds the error and its time", () => {
    publish(folder, { api: ENV }, OK, ONE);
    const { ino } = statSync(join(folder, "api.env"));
    publishFailure(folder, error, TWO);
    expect(statSync(join(folder, "api.env")).ino).toBe(ino);
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
    expect([read("api.env"), read("web.env")]).toEqual([ENV, ""]);
    expect(statSync(join(folder, "web.env")).mode & 0o777).toBe(0o444);
    retire(folder, ["api"]);
    expect(readdirSync(folder).sort()).toEqual(["api.env", "status.json"]);
    const before = inodes();
    retire(folder, ["api"]);
    expect(inodes()).toEqual(before);
  });
});
