import { describe, expect, it } from "vitest";
import { newUpgrade, type UpgradeProgress, upgradeProgress } from "../../../../src/backup/upgrade/progress.ts";
import { type RollbackSteps, undoUpgrade } from "../../../../src/backup/upgrade/rollback.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { ResumableRun } from "../../../../src/outputs/progress-file.ts";
import { TemporaryFolder } from "../../../support/workspace.ts";

const { signal } = new AbortController();
const RAN = ["glitchtip-db", "glitchtip", "glitchtip-worker"];

type Step = UpgradeProgress["step"];
interface Failing {
  readonly nth: readonly number[];
  readonly when: "before" | "after";
}

/** A stack by what serves: an image serves only data that it knows, and only where the settings name it. */
function upgradedStack(dir: string, step: Step, postgres: boolean, { nth, when }: Failing) {
  const isMigrated = !["begun", "stopped", "saved", "switched", "loaded"].includes(step);
  const isSwitched = !["begun", "stopped", "saved"].includes(step);
  const world = {
    settings: isSwitched ? "after" : "before",
    /** Each major of Postgres has a volume of its own. */
    data: { before: !postgres && isMigrated ? "new" : "old", after: isMigrated ? "new" : "old" } as Record<
      string,
      string
    >,
    serves: step === "done" ? "new" : "nothing",
    copied: 0,
    /** Events that the new server has accepted since the last copy: it is published while it is proved. */
    accepted: ["migrated", "proved", "done"].includes(step) ? 1 : 0,
  };
  const dataOf = () => (postgres ? world.settings : "before");
  const calls: string[] = [];
  const call = async <T>(name: string, work: () => T): Promise<T> => {
    calls.push(name);
    const fails = nth.includes(calls.length);
    // A restore that fails has taken itself back (test/unit/backup/restore-undo.test.ts).
    if (fails && (when === "before" || name === "restore")) throw new Error(`${name} failed`);
    const result = work();
    if (fails) throw new Error(`${name} failed`);
    return result;
  };
  const serve = () => {
    const wanted = world.settings === "after" ? "new" : "old";
    if (world.data[dataOf()] === wanted) world.serves = wanted;
  };
  const stop = () => {
    world.serves = "nothing";
  };
  const steps: RollbackSteps = {
    pause: () => call("pause", stop),
    stop: () => call("stop", stop),
    copy: () =>
      call("copy", () => {
        world.copied++;
        world.accepted = 0;
        return "/backups/of-what-came-since";
      }),
    writeSettings: (moment) =>
      call(`settings ${moment}`, () => {
        world.settings = moment;
      }),
    restoreData: () =>
      call("restore", () => {
        world.data[dataOf()] = "old";
        serve();
      }),
    abortRestore: () => call("abort restore", () => {}),
    removeUndeclared: () => call("remove undeclared", () => {}),
    start: () => call("start", serve),
  };
  const progress = {
    ...newUpgrade({
      from: "glitchtip:5.1",
      to: "glitchtip:5.2",
      settings: { declaration: [], text: "", env: [] },
      running: RAN,
      ...(postgres && { postgres: { from: "postgres:17", to: "postgres:18", volume: "glitchtip-db-18" } }),
    }),
    step,
    backup: "/backups/before",
  };
  upgradeProgress.save(dir, progress);
  const rollBack = async () => {
    const found = upgradeProgress.read(dir);
    if (found === undefined) throw new Error("nothing to roll back");
    const run = new ResumableRun(upgradeProgress, { dir, log: silentLog, signal }, found);
    await undoUpgrade(run, steps, { signal, log: silentLog });
  };
  return { world, calls, rollBack };
}

const CASES = (["begun", "stopped", "saved", "switched", "loaded", "migrated", "proved", "done"] as const).flatMap(
  (step) => [false, true].map((postgres) => ({ step, postgres })),
);

describe.each(CASES)("the rollback of an upgrade at $step (another Postgres: $postgres)", ({ step, postgres }) => {
  const begin = (dir: string, failing: Failing) => upgradedStack(dir, step, postgres, failing);

  it("serves the old data with the old image", async () => {
    using folder = new TemporaryFolder();
    const { world, rollBack } = begin(folder.path, { nth: [], when: "before" });
    await rollBack();
    expect(world).toMatchObject({ settings: "before", serves: "old", accepted: 0 });
    expect(upgradeProgress.read(folder.path)).toBeUndefined();
  });

  it.each(["before", "after"] as const)(
    "serves what was there where one step fails %s its work, and ends with the next call whatever step of its undo fails",
    async (when) => {
      const attempt = async (nth: readonly number[]) => {
        using folder = new TemporaryFolder();
        const { world, calls, rollBack } = begin(folder.path, { nth, when });
        const what = `failing: ${nth.join(", ")}`;
        const failed = await rollBack().then(
          () => false,
          () => true,
        );
        const count = calls.length;
        const names = nth.map((one) => calls[one - 1]);
        // Once the restore is through, the old server is the one that serves.
        const isThrough = world.data[postgres ? world.settings : "before"] === "old" && world.settings === "before";
        if (failed && nth.length === 1 && step === "done" && !isThrough) {
          expect({ serves: world.serves, settings: world.settings }, `${what} ${names}`).toEqual({
            serves: "new",
            settings: "after",
          });
          expect(upgradeProgress.read(folder.path)?.undoing, what).toBe(false);
          // What it accepts from now on has to be in the copy of the next rollback.
          world.accepted++;
        }
        if (failed) await rollBack();
        expect(world, `${what} ${names}`).toMatchObject({ settings: "before", serves: "old", accepted: 0 });
        expect(upgradeProgress.read(folder.path), what).toBeUndefined();
        return count;
      };
      const count = await attempt([]);
      for (let first = 1; first <= count; first++) {
        const all = await attempt([first]);
        for (let second = first + 1; second <= all; second++) await attempt([first, second]);
      }
    },
  );
});
