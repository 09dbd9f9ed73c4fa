import { describe, expect, it } from "vitest";
import type { CodedError } from "../../src/base/errors.ts";
import { Secret } from "../../src/base/secret.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { AnswerError, readAnswer, refuse } from "../../src/glitchtip/answers.ts";
import { openClient } from "../../src/glitchtip/client.ts";
import { signIn } from "../../src/glitchtip/session.ts";
import type { TransportRequest } from "../../src/glitchtip/transport.ts";
import { openTransport } from "../../src/glitchtip/transport.ts";
import { issueShape } from "../../src/glitchtip/wire/shapes.ts";
import { openNodeHttp } from "../../src/http/node.ts";
import { refusalOf } from "../support/refusal.ts";
import { ASKS, type Stage } from "./client-asks.ts";
import { ADMIN } from "./player.ts";
import {
  answering,
  BASE_URL,
  clockOf,
  expectedCode,
  ownWords,
  RECORDINGS,
  type Recorded,
  TOKEN,
  withSlash,
} from "./recorded.ts";
import { RECORDED } from "./scenario.ts";

/** Requests that were not recorded. All others have a recorded success in every generation. */
const NOT_RECORDED = ["issueEvents", "resolveIssue", "deleteIssue"];

/** Statuses that are refusals in general and successes for the client. */
const WELCOME: Readonly<Record<string, readonly number[]>> = {
  "sign in": [409],
  signOut: [401],
  deleteToken: [404],
  deleteOrganization: [404],
  deleteProject: [404],
  deleteKey: [404],
  event: [404],
};

const nameOf = ({ method, path }: Recorded): string | undefined =>
  Object.entries(ASKS).find(([, ask]) => ask.method === method && ask.path.test(path))?.[0];

function stageOf(recorded: Recorded): Stage & { readonly sent: readonly TransportRequest[] } {
  const { transport, sent } = answering(recorded);
  const context = { transport, clock: clockOf(), signal: new AbortController().signal };
  return {
    ...context,
    sent,
    client: openClient({ ...context, token: new Secret(TOKEN) }),
    session: () => signIn({ ...context, email: ADMIN.email, password: new Secret(ADMIN.password) }),
  };
}

async function play(name: string, recorded: Recorded, stage: Stage): Promise<unknown> {
  const ask = ASKS[name];
  if (ask === undefined) throw new Error(`no request is called ${name}`);
  const match = ask.path.exec(recorded.path);
  const sent = typeof recorded.sent === "object" && recorded.sent !== null ? recorded.sent : {};
  const texts = Object.entries(sent).filter(([, value]) => typeof value === "string");
  return await ask.ask(stage, (index) => match?.[index] ?? "", Object.fromEntries(texts));
}

const isRefusal = (name: string, { answer }: Recorded): boolean =>
  answer.status >= 300 && !WELCOME[name]?.includes(answer.status);

describe.each(RECORDINGS)("the client with the answers of GlitchTip $generation", ({ recorded }) => {
  const asked = recorded.flatMap((one) => {
    const name = nameOf(one);
    return name === undefined ? [] : [{ ...one, name, title: `${name}: ${one.scenario}, ${one.step}` }];
  });

  it("include a success for each request that the client makes", () => {
    expect(recorded.length).toBeGreaterThanOrEqual(345);
    expect(asked.length).toBeGreaterThanOrEqual(173);
    const succeeded = new Set(asked.filter((one) => !isRefusal(one.name, one)).map(({ name }) => name));
    expect(Object.keys(ASKS).filter((name) => !succeeded.has(name))).toEqual([]);
    const { client } = stageOf(asked[0] as Recorded);
    expect(Object.keys(client).filter((name) => !(name in ASKS))).toEqual(NOT_RECORDED);
  });

  it.each(asked.filter((one) => !isRefusal(one.name, one)))("$title: parses the answer", async (one) => {
    const stage = stageOf(one);
    const promised = one.answer.status < 300 ? ASKS[one.name]?.promise(one.answer.body as never) : undefined;
    expect(await play(one.name, one, stage)).toEqual(promised);
    expect(stage.sent.at(-1)?.method).toBe(one.name === "config" ? "POST" : one.method);
  });

  it.each(asked.filter((one) => isRefusal(one.name, one)))("$title: throws the right error", async (one) => {
    const stage = stageOf(one);
    const error = await play(one.name, one, stage).catch((thrown: unknown) => thrown);
    const code = expectedCode(one.name, one.answer);
    expect(error).toMatchObject({ code, message: expect.stringContaining(withSlash(one.path).slice(0, -1)) });
    // A write is never retried after an answer: the caller observes the server first.
    const repeats = stage.sent.filter(
      ({ method, path }) => method === "POST" && withSlash(path) === withSlash(one.path),
    );
    if (one.method === "POST") expect(repeats).toHaveLength(1);
    if (code === "GC1301" || code === "GC1303") return;
    expect((error as CodedError).message).toContain(String(one.answer.status));
    expect((error as CodedError).message).toContain(ownWords(one.answer));
  });
});

describe.each(RECORDINGS)("any refusal and page of GlitchTip $generation", ({ recorded }) => {
  const refusals = recorded
    .filter(({ answer }) => answer.status >= 300)
    .map((one) => ({ ...one, title: `${one.answer.status} ${one.scenario}, ${one.step}` }));
  const pages = recorded
    .filter(({ answer }) => answer.status === 200 && String(answer.headers["content-type"]).startsWith("text/html"))
    .map((one) => ({ ...one, title: `${one.scenario}, ${one.step}` }));

  it("is part of the recordings", () => {
    expect(refusals.length).toBeGreaterThanOrEqual(144);
    expect(pages.length).toBeGreaterThan(0);
  });

  it.each(refusals)("$title: the error has the method, the address, the status and the server's message", (one) => {
    const url = BASE_URL + one.path;
    const error = refusalOf(() => refuse(one.method, url, one.answer));
    expect(error).toBeInstanceOf(AnswerError);
    const { code, message, status } = error as AnswerError;
    expect([code, status]).toEqual([expectedCode(undefined, one.answer), one.answer.status]);
    expect(message).toMatch(new RegExp(`^${one.method} ${url.replace(/[$()*+.?[\]^|{}]/g, "\\$&")}: ${status}`));
    expect(message).toContain(ownWords(one.answer));
    expect(message.length).toBeLessThan(url.length + 220);
  });

  it.each(pages)("$title: a page with status 200 is refused, because it is not JSON", (one) => {
    const error = refusalOf(() => readAnswer("GET", BASE_URL + one.path, one.answer, issueShape));
    expect(error).toMatchObject({ code: "GC1202", message: expect.stringContaining("instead of JSON") });
  });
});

describe("a token that the server does not know", () => {
  it.each([...RECORDED, "6"] as const)(
    "is not reported as a missing permission, neither for a read nor for a write (%s)",
    async (generation) => {
      await using emulator = await startEmulator({ generation, superuser: ADMIN });
      const transport = openTransport(openNodeHttp, emulator.url);
      const context = { transport, clock: clockOf(), signal: new AbortController().signal };
      const client = openClient({ ...context, token: new Secret("0".repeat(64)) });
      await expect(client.organizations()).rejects.toMatchObject({ code: "GC1304", status: 401 });
      await expect(client.createOrganization("Acme")).rejects.toMatchObject({
        code: "GC1304",
        status: 403,
        said: "CSRF check Failed",
        remedy: expect.stringContaining("does not know this token"),
      });
      const reader = openClient({ ...context, token: new Secret(emulator.mintToken(["org:read"])) });
      await expect(reader.createOrganization("Acme")).rejects.toMatchObject({
        code: "GC1305",
        said: "Permission denied",
      });
      await transport.close();
    },
  );
});
