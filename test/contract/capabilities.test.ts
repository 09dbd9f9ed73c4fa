import { describe, expect, it } from "vitest";
import { defined } from "../../src/base/defined.ts";
import { silentLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { systemClock } from "../../src/base/wait.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { signIn } from "../../src/glitchtip/session.ts";
import type { TransportRequest } from "../../src/glitchtip/transport.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { CAPABILITIES, GENERATIONS, generationOf } from "../../src/glitchtip/versions.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { initWorkspace } from "../../src/init/init.ts";
import { TemporaryFolder, testAssets } from "../support/workspace.ts";
import { asking, makeShop, sendEvent } from "./asking.ts";
import { ADMIN } from "./player.ts";
import { loadRecording, RECORDED } from "./scenario.ts";

/** The server's names of the types in its refusal of an unknown one. */
const RECIPIENT_NAMES: Readonly<Record<string, string>> = {
  email: "EMAIL",
  webhook: "GENERAL_WEBHOOK",
  discord: "DISCORD",
  googlechat: "GOOGLE_CHAT",
  teams: "MICROSOFT_TEAMS",
  ntfy: "NTFY",
  zulip: "ZULIP",
  feishu: "FEISHU",
};

const expectedTags = (body: unknown): string[] =>
  [...JSON.stringify(body).matchAll(/expected_tags":"([^"]*)"/g)]
    .flatMap(([, tags = ""]) => tags.split(", "))
    .map((tag) => tag.replace("RecipientType.", ""))
    // A type of the fork that was recorded as 5.1 (differences.ts).
    .filter((tag) => tag !== "TELEGRAM")
    .sort();

const namesOf = (types: readonly string[]) => types.map((type) => RECIPIENT_NAMES[type]).sort();

const answerTo = (generation: (typeof RECORDED)[number], scenario: string, step: string) => {
  const exchange = loadRecording(generation, scenario).exchanges.find((one) => one.step === step);
  if (exchange === undefined) throw new Error(`no step "${step}" in ${generation}/${scenario}`);
  return exchange.response;
};

describe.each(RECORDED)("the row %s of the table of generations agrees with the recordings:", (generation) => {
  const row = CAPABILITIES[generation];

  it("types of recipients", () => {
    const { body } = answerTo(generation, "alerts", "unknown recipient type");
    expect(expectedTags(body)).toEqual(namesOf(row.recipientTypes));
  });

  it("what a wrong key blocks", () => {
    const { status } = answerTo(generation, "key-rotation", "event with the new key right after");
    expect(status >= 400 ? "project" : "key").toBe(row.wrongKeyBlocks);
  });

  it("it is marked as recorded", () => expect(row.knownFrom).toBe("recordings"));
});

describe.each(GENERATIONS)("the row %s of the table of generations agrees with the emulator:", (generation) => {
  const row = CAPABILITIES[generation];
  const start = (domain?: string) => startEmulator({ generation, superuser: ADMIN, ...defined({ domain }) });

  it("types of recipients", async () => {
    await using emulator = await start();
    const ask = asking(emulator);
    await makeShop(ask);
    const alertRecipients = [{ recipientType: "pigeon" }];
    const { body } = await ask("POST", "/api/0/projects/acme/shop/alerts/", { name: "p", alertRecipients });
    expect(expectedTags(body)).toEqual(namesOf(row.recipientTypes));
  });

  it("what a wrong key blocks", async () => {
    await using emulator = await start();
    const ask = asking(emulator);
    const key = await makeShop(ask);
    await sendEvent(ask, "00000000-0000-4000-8000-000000000000", "x");
    expect((await sendEvent(ask, key, "x")).status < 300).toBe(row.wrongKeyBlocks === "key");
  });

  it("cookies behind an https domain", async () => {
    await using emulator = await start("https://errors.example.com");
    const { headers } = await fetch(`${emulator.url}/_allauth/browser/v1/config`);
    expect(headers.get("set-cookie")?.includes("; Secure")).toBe(row.secureCookies);
  });

  it("the client signs in over plain http, too, with the headers that a write needs", async () => {
    await using emulator = await start("https://errors.example.com");
    const { writes, session } = await signedIn(emulator);
    const { token } = await session.mintToken("ci", ["org:read"]);
    expect(token.reveal()).toMatch(/^[0-9a-f]{64}$/);
    await session.signOut();
    expect(writes.length).toBe(3);
    for (const { headers } of writes)
      expect(Object.keys(headers)).toEqual(expect.arrayContaining([...row.csrfHeaders]));
  });
});

async function signedIn(emulator: Emulator) {
  const transport = openTransport(openNodeHttp, emulator.url);
  const writes: TransportRequest[] = [];
  const watched = {
    ...transport,
    send(request: TransportRequest, signal: AbortSignal) {
      if (request.method !== "GET") writes.push(request);
      return transport.send(request, signal);
    },
  };
  const account = { email: ADMIN.email, password: new Secret(ADMIN.password) };
  const signal = new AbortController().signal;
  return { writes, session: await signIn({ transport: watched, clock: systemClock, signal, ...account }) };
}

describe("an image's tag selects its row:", () => {
  it.each(GENERATIONS)("each tag that docs/generations.md names for %s", (generation) => {
    const { tags } = CAPABILITIES[generation];
    expect(tags.length).toBeGreaterThan(0);
    for (const tag of tags) {
      expect(generationOf(`glitchtip/glitchtip:${tag}`)).toEqual({ generation, known: true, tooOld: false });
    }
  });

  async function initWith(image: string) {
    using folder = new TemporaryFolder();
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    await initWorkspace({ dir: folder.path, log, assets: testAssets() }, { image, apps: { app: "app" } });
    return { warnings, stack: folder.read("compose.override.yaml") };
  }

  it.each([
    ["9.1", "6"],
    ["7", "6"],
    ["v5.9.0", "5.2"],
    ["v5.0.3", "5.1"],
    ["v4.2.0", "4.1"],
  ] as const)("one that nobody knows, %s, to its nearest, %s, with a warning", async (tag, generation) => {
    const image = `glitchtip/glitchtip:${tag}`;
    const { warnings, stack } = await initWith(image);
    expect(warnings).toEqual([`${image} is not a version this tool knows; it is treated as generation ${generation}`]);
    const { allInOne, worker } = CAPABILITIES[generation];
    expect(stack).toContain(`SERVER_ROLE: ${(allInOne ?? worker).environment.SERVER_ROLE}`);
    expect(stack).toContain(image);
  });

  it.each(["v4.0.9", "v3.4.1", "2"])("an older one, %s, is refused before anything is written", async (tag) => {
    using folder = new TemporaryFolder();
    const options = { image: `glitchtip/glitchtip:${tag}`, apps: { app: "app" } };
    await expect(
      initWorkspace({ dir: folder.path, log: silentLog, assets: testAssets() }, options),
    ).rejects.toMatchObject({
      code: "GC1101",
      problems: [expect.stringContaining(`glitchtip:${tag}" is older than GlitchTip ${GENERATIONS[0]}`)],
    });
    expect(folder.files()).toEqual({});
  });
});
