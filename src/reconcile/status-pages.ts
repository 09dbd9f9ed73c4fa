import { changesOf } from "./changes.ts";
import type { Draft, Place } from "./draft.ts";
import type { DesiredStatusPage, ObservedStatusPage } from "./model.ts";

/**
 * The API lists and makes status pages, and does nothing else with them (monitors: "status pages"). Its list is of all
 * of the account's organizations, so what is not declared here may be another one's: nothing is said about it.
 */
export function planStatusPages(
  draft: Draft,
  place: Place,
  desired: readonly DesiredStatusPage[],
  observed: readonly ObservedStatusPage[],
): void {
  for (const wanted of desired) {
    const found = observed.find(({ name }) => name === wanted.name);
    if (found === undefined) {
      draft.act(place, {
        type: "create",
        kind: "statusPage",
        name: wanted.name,
        changes: changesOf(undefined, { isPublic: wanted.isPublic }),
        desired: wanted,
      });
    } else if (found.isPublic !== wanted.isPublic) {
      const word = (isPublic: boolean) => (isPublic ? "public" : "not public");
      draft.warn(
        place,
        `status page "${wanted.name}" is ${word(found.isPublic)}, declared is ${word(wanted.isPublic)}: GlitchTip's API cannot change it, its web page can`,
      );
    }
  }
}
