import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { type Clock, systemClock } from "../../src/base/wait.ts";
import type { Emulator } from "../../src/emulator/index.ts";
import { signIn } from "../../src/glitchtip/session.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { GENERATIONS } from "../../src/glitchtip/versions.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { asAdmin } from "../support/admin-calls.ts";
import { startServer } from "../support/emulator.ts";
import { countsOf, ONE_OF_EACH } from "../support/provisioner-process.ts";
import {
  ADMIN,
  dsnOf,
  hastyClock,
  provisionHastily,
  provisionOnce,
  temporaryFolders,
} from "../support/provisioning.ts";

describe.each(GENERATIONS)("what others did on GlitchTip %s between two runs", (generation) => {
  it("a revoked token is replaced, and only one is there", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    const session = await signedIn(emulator);
    for (const { id } of await session.tokens()) await session.deleteToken(id);
    const next = await provisionHastily(emulator, folders);
    expect(next.log).toMatch(/no longer accepted; signing in\ncreated API token/);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("creates a deleted organization again, with its contents", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "DELETE", "organizations/acme/");
    const next = await provisionHastily(emulator, folders);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
    expect(next.status.apps.api?.dsn).toBe("proved");
    expect(next.envFiles).not.toEqual(first.envFiles);
  });

  it("creates a deleted project again, and proves its DSN again", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation, processingDelayMs: 300 });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "DELETE", "projects/acme/shop-api/");
    const next = await provisionHastily(emulator, folders);
    expect(next.status.apps.api?.dsn).toBe("proved");
    expect(next.status.apps.api?.projectId).not.toBe(first.status.apps.api?.projectId);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
    expect(emulator.snapshot().issues).toEqual([]);
  });

  it("a deleted key is replaced by one of ours", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    await provisionHastily(emulator, folders);
    const gone = emulator.snapshot().keys[0]?.publicKey ?? "";
    await asAdmin(emulator, "DELETE", `projects/acme/shop-api/keys/${gone}/`);
    const next = await provisionHastily(emulator, folders);
    expect(emulator.snapshot().keys.map(({ name }) => name)).toEqual(["glitchtip-compose"]);
    expect(next.status.apps.api?.dsn).toBe("proved");
    expect(dsnOf(folders, "api")).not.toContain(gone.replaceAll("-", ""));
  });

  it("a second key of somebody else is left alone", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "POST", "projects/acme/shop-api/keys/", { name: "theirs" });
    const next = await provisionHastily(emulator, folders);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(emulator.snapshot().keys).toHaveLength(2);
  });

  it("a team that lost the project gets it again", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "DELETE", "projects/acme/shop-api/teams/backend/");
    const next = await provisionHastily(emulator, folders);
    expect(emulator.snapshot().projects.map(({ teams }) => teams)).toEqual([["backend"]]);
    expect(next.envFiles).toEqual(first.envFiles);
  });

  it("a renamed project stays the same one: same DSN, no second", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "PUT", "projects/acme/shop-api/", { name: "Shop, renamed" });
    const next = await provisionHastily(emulator, folders);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(next.status.apps.api?.project).toBe(emulator.snapshot().projects[0]?.slug);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("a renamed organization stays the same one", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    const first = await provisionHastily(emulator, folders);
    await asAdmin(emulator, "PUT", "organizations/acme/", { name: "Acme and Sons" });
    const next = await provisionHastily(emulator, folders);
    expect(next.envFiles).toEqual(first.envFiles);
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("a project of the same name made in the middle of our run is taken instead of ours, which goes", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    // The team's creation has an unknown outcome: in the pause before we look, somebody is faster.
    emulator.fault({ method: "POST", path: /\/teams\/$/, effect: { kind: "reset", acted: true } });
    let theirs: { id: string } | undefined;
    const clock = interruptedClock(emulator, async () => {
      theirs ??= await asAdmin(emulator, "POST", "teams/acme/backend/projects/", { name: "shop-api" });
    });
    const { status } = await provisionOnce(emulator.url, folders, { clock });
    expect(status.apps.api).toMatchObject({ project: "shop-api", projectId: String(theirs?.id), dsn: "proved" });
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("finds its project on a later page instead of creating it twice", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    await asAdmin(emulator, "POST", "organizations/", { name: "Acme" });
    await asAdmin(emulator, "POST", "organizations/acme/teams/", { slug: "backend" });
    const names = [...Array.from({ length: 105 }, (_, at) => `other ${at}`), "shop-api"];
    for (const name of names) await asAdmin(emulator, "POST", "teams/acme/backend/projects/", { name });
    const { status } = await provisionHastily(emulator, folders);
    expect(status.apps.api).toMatchObject({ project: "shop-api", projectId: "106" });
    expect(emulator.snapshot().projects).toHaveLength(106);
  });

  it("an address that cannot be used is named with what to do", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    await asAdmin(emulator, "POST", "organizations/", { name: "Acme" });
    await asAdmin(emulator, "POST", "organizations/acme/teams/", { slug: "backend" });
    await asAdmin(emulator, "POST", "teams/acme/backend/projects/", { name: "shop-api" });
    await asAdmin(emulator, "PUT", "projects/acme/shop-api/", { name: "shop-api", slug: "Not A Slug!" });
    await expect(provisionHastily(emulator, folders)).rejects.toMatchObject({
      code: "GC1403",
      message: expect.stringContaining('"Not A Slug!"'),
      remedy: expect.stringContaining("letters, digits"),
    });
    expect(countsOf(emulator)).toMatchObject({ projects: 1 });
  });
});

/** Waits take no time, but each gives somebody else a turn. */
function interruptedClock(emulator: Emulator, turn: () => Promise<void>): Clock {
  const hasty = hastyClock(emulator);
  return {
    now: hasty.now,
    async sleep(ms, signal) {
      await turn();
      await hasty.sleep(ms, signal);
    },
  };
}

const signedIn = (emulator: Emulator) =>
  signIn({
    transport: openTransport(openNodeHttp, emulator.url),
    clock: systemClock,
    signal: new AbortController().signal,
    email: ADMIN.email,
    password: new Secret(ADMIN.password),
  });
