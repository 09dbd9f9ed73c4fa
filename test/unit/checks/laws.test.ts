import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../../src/checks/doctor/finding.ts";
import { checkContainers, checkDsns, checkStartedFiles } from "../../../src/checks/doctor/stack-checks.ts";
import { type StackStatus, stackStatus } from "../../../src/checks/status.ts";
import type { ComposeConfig } from "../../../src/compose/model.ts";
import type { Declaration } from "../../../src/config/schema.ts";
import type { Container } from "../../../src/docker/index.ts";
import type { RunningStack } from "../../../src/running/observe.ts";
import { isStackService } from "../../../src/stack/service-names.ts";
import { answers, container, type FakeDockerOptions, fakeDocker } from "../../support/fake-docker.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { declare } from "../../support/provisioning.ts";

/** The laws hold over at least this many stacks in every run. */
const STACKS = propertyRuns(10_000);

const IMAGES: Readonly<Record<string, string>> = {
  "glitchtip-db": "postgres:18",
  "glitchtip-valkey": "valkey/valkey:9",
  glitchtip: "glitchtip/glitchtip:6",
  "glitchtip-worker": "glitchtip/glitchtip:6",
};
const LONG = Object.keys(IMAGES);
const ONE_SHOTS = ["glitchtip-init", "glitchtip-provision"];
const STACK_FILE = "compose.glitchtip.yaml";
const WRITTEN_MS = 500_000;
const NOW_MS = 10_000_000;

type Fault = Partial<Container>;

const exitCode = fc.constantFrom(1, 2, 78, 126, 137, 139);
/** What may have become of a container that is meant to run. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record(
    { state: fc.constant("created"), startError: fc.constant("Bind for 0.0.0.0:8000 failed") },
    { requiredKeys: ["state"] },
  ),
  fc.record({ state: fc.constant("restarting"), exitCode, restarts: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ state: fc.constant("exited"), exitCode, oomKilled: fc.boolean() }),
  fc.record({ state: fc.constantFrom("exited", "dead", "paused") }),
  fc.record(
    { health: fc.constant("unhealthy" as const), healthOutput: fc.constant("refused") },
    { requiredKeys: ["health"] },
  ),
  fc.record({ oomKilled: fc.constant(true) }),
  fc.record({ restarts: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ image: fc.constantFrom("glitchtip/glitchtip:5", "postgres:17") }),
);
const well: fc.Arbitrary<Fault> = fc.record({ health: fc.constant("healthy" as const) }, { requiredKeys: [] });
const fate = fc.oneof({ weight: 4, arbitrary: well }, { weight: 1, arbitrary: fault });
const ending: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fault>({ state: "exited" }) },
  { weight: 1, arbitrary: fc.record({ state: fc.constant("exited"), exitCode }) },
  { weight: 1, arbitrary: fc.record({ state: fc.constantFrom("created", "running", "dead") }) },
);

/** How an app got, or did not get, its DSN. */
interface AppFate {
  readonly container: Fault;
  readonly hasDsn: boolean;
  readonly startedBefore: boolean;
  readonly withoutOurFile: boolean;
  /** The file with its DSN is gone from the volume. */
  readonly lostFile: boolean;
  /** A job of the user's, which ends. */
  readonly endsWell: boolean;
  readonly isWaitedFor: boolean;
}

const app: fc.Arbitrary<AppFate> = fc.record({
  container: fate,
  hasDsn: fc.boolean(),
  startedBefore: fc.boolean(),
  withoutOurFile: fc.boolean(),
  lostFile: fc.boolean(),
  endsWell: fc.boolean(),
  isWaitedFor: fc.boolean(),
});

interface Picture {
  readonly ours: readonly Fault[];
  readonly oneShots: readonly Fault[];
  readonly apps: readonly AppFate[];
  readonly missing: number | undefined;
  readonly wasProvisioned: boolean;
}

const picture: fc.Arbitrary<Picture> = fc.record({
  ours: fc.tuple(fate, fate, fate, fate),
  oneShots: fc.tuple(ending, ending),
  apps: fc.array(app, { minLength: 1, maxLength: 3 }),
  missing: fc.option(fc.integer({ min: 0, max: LONG.length - 1 }), { nil: undefined, freq: 8 }),
  wasProvisioned: fc.boolean(),
});

const nameOf = (at: number): string => `app-${at}`;

/** The declarations of one app, of two, of three: to check one takes longer than the rest of a run. */
const DECLARATIONS = [1, 2, 3].map((count) =>
  declare({
    apps: Object.fromEntries(Array.from({ length: count }, (_, at) => [nameOf(at), { project: "shop-api" }])),
  }),
);
const declarationOf = (count: number): Declaration => DECLARATIONS[count - 1] ?? expect.unreachable();

/** The stack of a picture, as Compose and the engine show it. */
function stackOf({ ours, oneShots, apps, missing, wasProvisioned }: Picture) {
  const containers = [
    ...LONG.map((service, at) => container(service, { image: IMAGES[service] ?? "", ...ours[at] })),
    ...ONE_SHOTS.map((service, at) => container(service, oneShots[at])),
    ...apps.map(({ container: more, startedBefore, withoutOurFile, endsWell }, at) =>
      container(nameOf(at), {
        sinceMs: startedBefore ? WRITTEN_MS - 1 : WRITTEN_MS + 1,
        configFiles: ["/shop/compose.yaml", ...(withoutOurFile ? [] : [`/shop/${STACK_FILE}`])],
        ...(endsWell ? { state: "exited" } : more),
      }),
    ),
  ].filter(({ service }) => missing === undefined || service !== LONG[missing]);
  const waiting = apps.flatMap(({ isWaitedFor }, at) =>
    isWaitedFor ? [[nameOf(at), { condition: "service_completed_successfully" }] as const] : [],
  );
  const services = Object.fromEntries([
    ...LONG.map((service) => [service, { image: IMAGES[service] }]),
    ...ONE_SHOTS.map((service) => [service, {}]),
    ...apps.map((_, at) => [nameOf(at), {}]),
    ["waiting", { depends_on: Object.fromEntries(waiting) }],
  ]) as ComposeConfig["services"];
  const known = apps.flatMap(({ hasDsn }, at) => (wasProvisioned && hasDsn ? [nameOf(at)] : []));
  const status = {
    version: 1,
    state: "ok",
    apps: Object.fromEntries(known.map((name) => [name, { project: "shop", variables: {}, dsn: "proved" }])),
    writtenAt: Object.fromEntries(known.map((name) => [name, new Date(WRITTEN_MS).toISOString()])),
  };
  const options: FakeDockerOptions = {
    config: { name: "shop", services },
    containers,
    files: wasProvisioned
      ? {
          "id-glitchtip-provision:/run/glitchtip/status.json": JSON.stringify(status),
          ...Object.fromEntries(
            apps.flatMap(({ lostFile }, at) =>
              lostFile ? [[`id-glitchtip-provision:/run/glitchtip/apps/${nameOf(at)}/${nameOf(at)}.env`, ""]] : [],
            ),
          ),
        }
      : {},
    cli: async () => answers(),
  };
  return { containers, options, declaration: declarationOf(apps.length) };
}

async function findingsOf(one: Picture): Promise<Finding[]> {
  const { options, declaration } = stackOf(one);
  const docker = fakeDocker(options);
  const { engine } = await docker.located();
  const stack: RunningStack = {
    engine,
    config: await docker.compose.config(),
    containers: await engine.containers("shop"),
  };
  const found = [
    ...checkContainers(stack, declaration),
    ...checkStartedFiles(stack, declaration, [STACK_FILE]),
    ...(await checkDsns(stack)),
  ];
  return found.filter(({ level }) => level !== "ok");
}

function statusOf(one: Picture): Promise<StackStatus> {
  const { options, declaration } = stackOf(one);
  return stackStatus(fakeDocker(options), declaration, { dir: "/shop", nowMs: NOW_MS, stackFiles: [STACK_FILE] });
}

/** Whether `docker compose up --wait` ends with another code than 0, by Compose's own rules. */
function upFails(one: Picture): boolean {
  const { containers } = stackOf(one);
  if (one.missing !== undefined) return true;
  const isWaitedFor = (service: string) =>
    ONE_SHOTS.includes(service) || one.apps[Number(service.replace("app-", ""))]?.isWaitedFor === true;
  return containers.some(({ service, state, exitCode: code, health }) => {
    if (["created", "restarting", "dead", "paused"].includes(state)) return true;
    if (state === "exited") return code !== 0 || !isWaitedFor(service);
    return health === "unhealthy";
  });
}

const names = (findings: readonly Finding[], service: string): boolean =>
  findings.some(({ what }) => new RegExp(`\\b(?:shop-)?${service}(?:-1)?\\b(?!-)`).test(what));

describe("the laws of diagnosis", () => {
  it("an `up` that fails has a finding, with what to type", async () => {
    await fc.assert(
      fc.asyncProperty(picture, async (one) => {
        fc.pre(upFails(one));
        const findings = await findingsOf(one);
        expect(findings.length).toBeGreaterThan(0);
        expect(findings.every(({ fix }) => fix !== undefined && !/doctor/.test(fix))).toBe(true);
      }),
      { ...STACKS, maxSkipsPerRun: 1_000 },
    );
  }, 60_000);

  it("an app that runs without its DSN keeps the status from being ok, and the status says what to do", async () => {
    await fc.assert(
      fc.asyncProperty(picture, async (one) => {
        const { containers } = stackOf(one);
        const without = one.apps.flatMap(({ hasDsn, startedBefore, withoutOurFile, lostFile }, at) => {
          const runs = containers.some(({ service, state }) => service === nameOf(at) && state === "running");
          const knows = one.wasProvisioned && hasDsn && !startedBefore && !withoutOurFile && !lostFile;
          return runs && !knows ? [nameOf(at)] : [];
        });
        fc.pre(without.length > 0);
        const { state, next } = await statusOf(one);
        expect(state).not.toBe("ok");
        if (state !== "starting") expect(next.length).toBeGreaterThan(0);
      }),
      { ...STACKS, maxSkipsPerRun: 1_000 },
    );
  }, 60_000);

  it("a container of ours that does not do its part has a finding that names it", async () => {
    await fc.assert(
      fc.asyncProperty(picture, async (one) => {
        const { containers } = stackOf(one);
        const sick = containers.filter(
          ({ service, state, exitCode: code, health, oomKilled, restarts, image }) =>
            isStackService(service) &&
            (["created", "restarting", "dead", "paused"].includes(state) ||
              (state === "exited" && (code !== 0 || !ONE_SHOTS.includes(service))) ||
              health === "unhealthy" ||
              oomKilled ||
              restarts > 0 ||
              image !== (IMAGES[service] ?? "")),
        );
        const findings = await findingsOf(one);
        expect(sick.filter(({ service }) => !names(findings, service)).map(({ service }) => service)).toEqual([]);
        if (one.missing !== undefined) expect(names(findings, LONG[one.missing] ?? "")).toBe(true);
      }),
      STACKS,
    );
  }, 60_000);

  it("a stack that does all its parts has no finding, and its status is ok", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(well, { minLength: 4, maxLength: 4 }),
        fc.array(well, { minLength: 1, maxLength: 3 }),
        async (ours, apps) => {
          const one: Picture = {
            ours,
            oneShots: [{ state: "exited" }, { state: "exited" }],
            apps: apps.map((fine) => ({
              container: fine,
              hasDsn: true,
              startedBefore: false,
              withoutOurFile: false,
              lostFile: false,
              endsWell: false,
              isWaitedFor: false,
            })),
            missing: undefined,
            wasProvisioned: true,
          };
          expect(await findingsOf(one)).toEqual([]);
          expect((await statusOf(one)).state).toBe("ok");
        },
      ),
      propertyRuns(500),
    );
  });
});
