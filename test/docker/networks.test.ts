import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

/** Listens on port 9000, and ends at once when it is told to. */
const LISTEN = `[node, -e, 'require("net").createServer().listen(9000); process.on("SIGTERM", () => process.exit(0))']`;
/** `up --wait` returns when each of them listens; a look that came earlier would find a closed port. */
const LISTENS = 'healthcheck: { test: [CMD, bash, -c, ": </dev/tcp/127.0.0.1/9000"], interval: 1s, retries: 60 }';
const service = (more: string) => `{ image: "node:24-slim", entrypoint: ${LISTEN}, ${LISTENS}${more} }`;

/** Each layout that people write; `front` sorts before our networks' names, `zone` after them. */
const COMPOSE = `services:
  plain: ${service("")}
  plain2: ${service("")}
  lone: ${service(", networks: [inner]")}
  inner2: ${service(", networks: [inner]")}
  edge: ${service(", networks: { front: { aliases: [public] } }")}
  both: ${service(", networks: [front, zone]")}
  end: ${service(", networks: [zone]")}
  beside: ${service(', network_mode: "service:carrier"')}
  carrier: { image: "node:24-slim", entrypoint: [sleep, "1000"], init: true, networks: [zone] }
networks: { inner: { internal: true }, front: {}, zone: {} }
`;
const IN_NETWORKS = ["plain", "plain2", "lone", "inner2", "edge", "both", "end", "beside"];
const TARGETS = ["plain", "plain2", "lone", "inner2", "edge", "public", "both", "end", "carrier"];

/** Prints "name=result" for each name, and the name of the interface and the gateway of the default route. */
const LOOK = `const net = require("net"), fs = require("fs");
const tryOne = (host, port) => new Promise((done) => {
  const socket = net.connect({ host, port, timeout: 10000 }, () => { socket.destroy(); done("open"); });
  socket.on("timeout", () => { socket.destroy(); done("timeout"); }).on("error", ({ code }) => done(code));
});
const line = fs.readFileSync("/proc/net/route", "utf8").split("\\n").map((one) => one.split("\\t")).find((one) => one[1] === "00000000");
Promise.all(process.argv.slice(1).map(async (name) => [name, await tryOne(...name.split(":"))])).then((found) =>
  console.log(JSON.stringify({ gateway: line?.[2] ?? "none", reached: Object.fromEntries(found) })));`;

interface Reach {
  /** In the kernel's notation; "none" without a default route. */
  readonly gateway: string;
  /** By address: "open", or why not. */
  readonly reached: Readonly<Record<string, string>>;
}

describeOnEngine("apps beside GlitchTip", () => {
  let stack: Stack;
  let before: Record<string, Reach>;
  let after: Record<string, Reach>;

  async function look(addresses: readonly string[]): Promise<Record<string, Reach>> {
    // Each name that is not found occupies a thread of the resolver, and others would wait for it.
    const all = IN_NETWORKS.map(async (app): Promise<[string, Reach]> => {
      const { stdout, stderr } = await stack.exec(
        app,
        "env",
        "UV_THREADPOOL_SIZE=32",
        "node",
        "-e",
        LOOK,
        ...addresses,
      );
      if (stdout === "") throw new Error(stderr);
      return [app, JSON.parse(stdout)];
    });
    return Object.fromEntries(await Promise.all(all));
  }

  const addresses = TARGETS.map((name) => `${name}:9000`);
  const openOf = (reach: Reach | undefined) =>
    Object.entries(reach?.reached ?? {}).flatMap(([address, result]) => (result === "open" ? [address] : []));

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE });
    await stack.up();
    before = await look(addresses);
    await stack.init(...IN_NETWORKS.flatMap((app) => ["--app", `${app}=shop`]));
    // As Docker does where its client has a proxy: a health check that used it would never pass.
    stack.override(
      "services: { glitchtip: { environment: { HTTP_PROXY: http://203.0.113.9:3128, http_proxy: http://203.0.113.9:3128 } } }\n",
    );
    await stack.up();
    after = await look(addresses);
  }, 300_000);
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("reach what they reached before, and nothing more", () => {
    for (const app of IN_NETWORKS) expect([app, openOf(after[app])]).toEqual([app, openOf(before[app])]);
    // The matrix is not empty, and has both kinds of pairs.
    expect(openOf(before.both)).toEqual(["edge:9000", "public:9000", "both:9000", "end:9000", "carrier:9000"]);
    expect(openOf(before.lone)).toEqual(["lone:9000", "inner2:9000"]);
  });

  it("keep a way out or none", () => {
    const hasRoute = (all: Record<string, Reach>) => IN_NETWORKS.filter((app) => all[app]?.gateway !== "none");
    expect(hasRoute(after)).toEqual(hasRoute(before));
    expect(hasRoute(after)).not.toContain("lone");
  });

  it("have their default route by a network of their own", async () => {
    for (const app of IN_NETWORKS.filter((name) => name !== "beside")) {
      const networks = Object.entries((await stack.container(app)).NetworkSettings.Networks);
      const ours = networks.filter(([name]) => name.includes("_glitchtip"));
      expect(ours.map(([name]) => name.slice(stack.name.length + 1))).toEqual([
        expect.stringMatching(/^glitchtip-apps/),
      ]);
      const gateways = networks.filter(([name]) => !name.includes("_glitchtip")).map(([, { Gateway }]) => Gateway);
      const gateway = after[app]?.gateway ?? "";
      if (gateway !== "none") expect(gateways).toContain(dotted(gateway));
    }
  });

  it("reach GlitchTip, and its events arrive", async () => {
    const found = await look(["glitchtip:8000"]);
    for (const app of IN_NETWORKS) expect([app, openOf(found[app])]).toEqual([app, ["glitchtip:8000"]]);
    const { code, stdout, stderr } = await stack.project.cli(["verify", "--json"]);
    expect([code, JSON.parse(stdout).apps.map(({ ok }: { ok: boolean }) => ok)], stderr).toEqual([
      0,
      IN_NETWORKS.map(() => true),
    ]);
  });

  it("do not reach the database", async () => {
    const found = await look(["glitchtip-db:5432", "glitchtip-init:1"]);
    for (const app of IN_NETWORKS) expect([app, openOf(found[app])]).toEqual([app, []]);
  });
});

/** Turns 010011AC of /proc/net/route into 172.17.0.1. */
const dotted = (hex: string): string =>
  (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
