import fc from "fast-check";
import { expect, it } from "vitest";
import { type StackStatus, stackStatus } from "../../../src/checks/status.ts";
import { statusText } from "../../../src/cli/commands/status.ts";
import { AUDIENCES, type Audience } from "../../../src/config/framework-presets.ts";
import { container, fakeDocker } from "../../support/fake-docker.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { declare } from "../../support/provisioning.ts";

const URLS = { host: "http://127.0.0.1:8123", public: "https://errors.example.com" } as const;
const OURS = ["glitchtip-db", "glitchtip", "glitchtip-worker", "glitchtip-init", "glitchtip-provision"];

/** A healthy stack, the audiences of its apps' variables, and what their addresses answer. */
interface Picture {
  /** One list for each app. */
  readonly audiences: readonly (readonly Audience[])[];
  /** Why no GlitchTip answers there; undefined where one does. */
  readonly replies: Readonly<Record<keyof typeof URLS, string | undefined>>;
  readonly engine: string;
  readonly isProved: boolean;
}

const reply = fc.constantFrom(undefined, undefined, "connection refused", "404", "timed out");
const picture: fc.Arbitrary<Picture> = fc.record({
  audiences: fc.array(fc.uniqueArray(fc.constantFrom(...AUDIENCES), { minLength: 1 }), { minLength: 1, maxLength: 3 }),
  replies: fc.record({ host: reply, public: reply }),
  engine: fc.constantFrom("unix:///var/run/docker.sock", "tcp://build:2376"),
  isProved: fc.boolean(),
});

const BASE = declare();
const nameOf = (at: number): string => `app-${at}`;

async function statusOf({ audiences, replies, engine, isProved }: Picture): Promise<StackStatus> {
  const app = BASE.apps.api ?? expect.unreachable();
  const apps = Object.fromEntries(
    audiences.map((all, at) => [nameOf(at), { ...app, variables: Object.fromEntries(all.map((one) => [one, one])) }]),
  );
  const known = { project: "shop-api", projectId: "1", variables: {}, dsn: isProved ? "proved" : "accepted" };
  const written = { version: 1, state: "ok", apps: Object.fromEntries(Object.keys(apps).map((name) => [name, known])) };
  const docker = fakeDocker({
    config: {
      services: {
        ...Object.fromEntries([...OURS, ...Object.keys(apps)].map((name) => [name, {}])),
        "glitchtip-provision": { environment: { GLITCHTIP_HOST_URL: URLS.host, GLITCHTIP_PUBLIC_URL: URLS.public } },
      },
    },
    containers: [...OURS, ...Object.keys(apps)].map((name) =>
      container(name, /init|provision/.test(name) ? { state: "exited" } : {}),
    ),
    files: { "id-glitchtip-provision:/run/glitchtip/status.json": JSON.stringify(written) },
  });
  const located = async () => ({ ...(await docker.located()), address: { host: engine, via: "a test" } });
  return await stackStatus(
    { ...docker, located },
    { ...BASE, apps },
    {
      dir: "/shop",
      nowMs: 10_000,
      ask: async (url) => (url === URLS.host ? replies.host : replies.public),
    },
  );
}

/** The addresses that are in a DSN, were asked from this machine, and did not answer. */
const silentOf = ({ audiences, replies, engine }: Picture) =>
  (["host", "public"] as const).filter(
    (one) =>
      replies[one] !== undefined &&
      audiences.some((all) => all.includes(one)) &&
      // An engine elsewhere publishes on its own loopback, where this machine cannot ask.
      !(one === "host" && engine.startsWith("tcp:")),
  );

const LAW = propertyRuns(10_000);

it("a proof names the audience that it was made for", async () => {
  await fc.assert(
    fc.asyncProperty(picture, async (one) => {
      const found = await statusOf(one);
      const wanted = one.isProved ? ["proved", "container"] : ["accepted", undefined];
      for (const { dsn, provedFor } of found.apps) expect([dsn, provedFor]).toEqual(wanted);
      const shown = statusText(found, { nowMs: 10_000, paint: (_, text) => text });
      expect(shown.includes("proved for containers")).toBe(one.isProved);
      expect(shown.includes("proved ")).toBe(one.isProved);
    }),
    LAW,
  );
}, 60_000);

it("an address for the host or the public is said with its answer; one that does not answer, with what to look at", async () => {
  await fc.assert(
    fc.asyncProperty(picture, async (one) => {
      const found = await statusOf(one);
      const silent = silentOf(one);
      const said = (["host", "public"] as const).filter((audience) =>
        found.next.some((line) => line.includes(`${URLS[audience]} from this machine (${one.replies[audience]})`)),
      );
      expect(said).toEqual(silent);
      // A public address may answer everywhere but on its own host, so it is told and does not break the stack.
      expect(found.state).toBe(silent.includes("host") ? "broken" : "ok");
      const shown = statusText(found, { nowMs: 10_000, paint: (_, text) => text });
      for (const audience of ["host", "public"] as const)
        expect(shown.includes(URLS[audience])).toBe(one.audiences.some((all) => all.includes(audience)));
    }),
    LAW,
  );
}, 60_000);
