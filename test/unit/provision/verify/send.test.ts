import { describe, expect, it } from "vitest";
import type { ProcessResult, RunOptions } from "../../../../src/base/process.ts";
import { Secret } from "../../../../src/base/secret.ts";
import type { Container } from "../../../../src/docker/index.ts";
import { containerSender, senderOfWrapped } from "../../../../src/provision/verify/send.ts";
import type { AppToVerify } from "../../../../src/provision/verify/verify.ts";
import { answers, container, fakeDocker } from "../../../support/fake-docker.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const DSN = `http://${KEY}@glitchtip:8000/7`;
const PROVIDED = "http://fedcba9876543210fedcba9876543210@errors.internal:8000/9";
const EVENT = { id: "e".repeat(32), mark: "m1", text: "verify api m1" };
const API: AppToVerify = { name: "api", project: "shop-api", variable: "SENTRY_DSN", audience: "container" };

/** Sends one event from containers like these; which docker calls were made. */
async function send(setup: {
  containers?: readonly Container[];
  files?: Record<string, string>;
  answer?: (args: readonly string[]) => ProcessResult;
  app?: AppToVerify;
}) {
  const calls: { args: readonly string[]; stdin: string | undefined }[] = [];
  const containers = setup.containers ?? [container("api")];
  const config = { name: "shop", services: { "glitchtip-provision": { image: "node:24-slim" } } };
  const docker = fakeDocker({
    config,
    containers,
    files: setup.files ?? { "id-api:/run/glitchtip/api.env": `export SENTRY_DSN='${DSN}'\n` },
    cli: async (args, options: RunOptions = {}) => {
      calls.push({ args, stdin: options.stdin });
      return setup.answer?.(args) ?? answers({ stdout: "via=curl status=200\n" });
    },
  });
  const { engine } = await docker.located();
  const signal = new AbortController().signal;
  const sent = (async () =>
    containerSender(
      docker,
      { engine, config, containers },
      "script",
      {},
      () => new Secret(PROVIDED),
    )(setup.app ?? API, EVENT, signal))();
  return { sent: await sent.catch((error: unknown) => error), calls };
}

it("an app that was started without our Compose file is refused, with what to type; another one is not", async () => {
  const asked: string[] = [];
  const sender = senderOfWrapped(
    async ({ name }) => {
      asked.push(name);
      return { via: "curl" };
    },
    ["web"],
    "docker compose up -d --wait",
  );
  const { signal } = new AbortController();
  expect(await sender(API, EVENT, signal)).toEqual({ via: "curl" });
  await expect(sender({ ...API, name: "web" }, EVENT, signal)).rejects.toMatchObject({
    code: "GC1605",
    message: expect.stringMatching(/^app web was started without our Compose file.*-f.*--env-file.*COMPOSE_FILE/),
    remedy: "docker compose up -d --wait",
  });
  expect(asked).toEqual(["api"]);
});

describe("an event from an app's own container", () => {
  it("goes through the wrapper that the app itself started with", async () => {
    const entrypoint = ["/bin/sh", "/glitchtip-with-dsn", "--on-failure", "block", "api", "--", "docker-entrypoint.sh"];
    const { sent, calls } = await send({ containers: [container("api", { entrypoint })] });
    expect(sent).toEqual({ via: "curl" });
    expect(calls).toEqual([
      {
        args: ["exec", "-i", "id-api", ...entrypoint.slice(0, 6), "sh", "-s", "--", EVENT.id, EVENT.text, "SENTRY_DSN"],
        stdin: "script",
      },
    ]);
  });

  it("of an app with a Compose provider finds the DSN in the container's own environment", async () => {
    const app = { ...API, providedAs: "GLITCHTIP_SENTRY_DSN" };
    const { sent, calls } = await send({ app, files: {} });
    expect(sent).toEqual({ via: "curl" });
    expect(calls[0]?.args).toEqual([
      ...["exec", "-i", "id-api", "sh", "-s", "--"],
      ...[EVENT.id, EVENT.text, "GLITCHTIP_SENTRY_DSN"],
    ]);
  });

  it("is sent from the running one of several containers", async () => {
    const stopped = container("api", { id: "old", state: "exited" });
    const { sent } = await send({ containers: [stopped, container("api")] });
    expect(sent).toEqual({ via: "curl" });
  });

  it.each([
    ["the image has no program that can send", answers({ code: 69 })],
    ["the image has no shell", answers({ code: 127, stderr: 'exec: "sh": executable file not found in $PATH' })],
  ])("comes from a sidecar in the app's network where %s, the key on stdin only", async (_, lacking) => {
    const accepted = { headers: { "content-type": "application/json" }, text: JSON.stringify({ id: EVENT.id }) };
    const ok = answers({ stdout: JSON.stringify({ status: 200, ...accepted }) });
    const { sent, calls } = await send({ answer: ([verb]) => (verb === "exec" ? lacking : ok) });
    expect(sent).toEqual({ via: "sidecar" });
    const sidecar = calls[1];
    expect(sidecar?.args.join(" ")).toMatch(/^run --rm -i --init --network container:id-api .*node:24-slim/);
    expect(sidecar?.args.join(" ")).not.toContain(KEY);
    const request = JSON.parse(sidecar?.stdin ?? "");
    expect(request).toMatchObject({ url: "http://glitchtip:8000/api/7/envelope/", method: "POST" });
    expect(JSON.stringify(request)).toContain(EVENT.id);
    expect(request.body).toContain(EVENT.text);
  });

  it("fails with the server's answer", async () => {
    const { sent } = await send({
      answer: () => answers({ code: 1, stdout: "via=curl status=403\n", stderr: "send-event: refused\n" }),
    });
    expect(sent).toMatchObject({
      code: "GC1605",
      message: "the event of app api was not accepted (the server answered 403)",
      problems: ["send-event: refused"],
    });
  });

  it("fails with the exit code where there was no answer", async () => {
    const { sent } = await send({ answer: () => answers({ code: 78, stderr: "with-dsn: no DSN for api\n" }) });
    expect(sent).toMatchObject({
      message: expect.stringContaining("(exit 78)"),
      problems: ["with-dsn: no DSN for api"],
    });
  });
});

describe("an app that cannot send", () => {
  it("is not running", async () => {
    const { sent, calls } = await send({ containers: [container("api", { state: "exited", exitCode: 3 })] });
    expect(sent).toMatchObject({ code: "GC1605", message: "app api is not running (exited, exit code 3)" });
    expect(calls).toEqual([]);
  });

  it.each(["exited", "restarting"])("ended (%s) because it has no DSN yet, whose cause doctor knows", async (state) => {
    const { sent } = await send({ containers: [container("api", { state, exitCode: 78 })] });
    expect(sent).toMatchObject({
      message: `app api is not running, because there was no DSN for it yet (${state}, exit code 78)`,
      remedy: expect.stringContaining("npx glitchtip-compose doctor"),
    });
  });

  it("has no container, while others run", async () => {
    const { sent } = await send({ containers: [container("web")] });
    expect(sent).toMatchObject({ message: "app api is not running (it has no container)" });
  });

  it("belongs to a project that is not started", async () => {
    const { sent } = await send({ containers: [] });
    expect(sent).toMatchObject({ code: "GC1605", remedy: "docker compose up -d --wait" });
  });

  it("has no DSN yet", async () => {
    const { sent } = await send({ files: {} });
    expect(sent).toMatchObject({ message: expect.stringContaining("app api has no DSN yet") });
  });

  it("has a container from before it was given a DSN", async () => {
    const { sent } = await send({ containers: [container("api", { entrypoint: ["docker-entrypoint.sh"] })] });
    expect(sent).toMatchObject({ code: "GC1605", remedy: expect.stringContaining("docker compose up -d --wait api") });
  });

  it("wants a variable that its file does not have", async () => {
    const { sent } = await send({ app: { ...API, variable: "OTHER_DSN" } });
    expect(sent).toMatchObject({ message: expect.stringContaining("does not set OTHER_DSN") });
  });
});

describe("a DSN for the outside", () => {
  it("is used inside the container where that is in the host's network", async () => {
    const { sent, calls } = await send({
      containers: [container("api", { networkMode: "host" })],
      app: { ...API, audience: "host" },
    });
    expect(sent).toEqual({ via: "curl" });
    expect(calls).toHaveLength(1);
  });
});
