import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take a minute or more in CI, the longest first. A fresh clone has no durations of an earlier run, by which
 * vitest would order.
 */
const LONGEST = [
  "docker/restore-kill",
  "docker/backup",
  "docker/upgrade-fails",
  "docker/single-container",
  "docker/upgrade-kill",
  "docker/laws",
  "docker/care-single",
  "docker/upgrade-postgres",
  "docker/rotate-password",
  "docker/backup-schedule",
  "docker/folders",
  "docker/upgrade",
  "docker/accounts",
  "docker/own-services",
  "docker/kill",
  "docker/existing-server",
  "docker/adoption",
  "docker/discovery",
  "docker/care",
  "docker/rotate",
  "docker/referenced-secrets",
  "docker/care-schedule",
  "docker/bundle",
  "docker/kill-flow",
  "process/secrets",
  // Waits for deadlines, with hardly any work: the others run beside it.
  "process/silent-engine",
  "process/reconcile/change-faults",
  "process/rotate/kill",
  "process/corpus",
  "process/reconcile/pull-new",
  "process/configuration",
].map((name) => `/test/${name}.test.ts`);

/** Starts the longest files of each group first, so that none of them runs on alone at the group's end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return found === -1 ? LONGEST.length : found;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
