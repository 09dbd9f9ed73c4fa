import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take a minute or more in CI. A fresh clone has no durations of an earlier run, by which vitest would order. */
const LONGEST = [
  "docker/upgrade-fails",
  "docker/restore-kill",
  "docker/backup",
  "docker/single-container",
  "docker/care-single",
  "docker/upgrade-kill",
  "docker/own-services",
  "docker/upgrade-postgres",
  "docker/kill",
  "docker/care-schedule",
  "docker/accounts",
  "docker/existing-server",
  "docker/care",
  "process/secrets",
  "process/reconcile/change-faults",
  "process/rotate/kill",
  "process/reconcile/pull-new",
  "process/corpus",
].map((name) => `/test/${name}.test.ts`);

/** Starts the longest files of each group first, so that none of them runs on alone at the group's end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
