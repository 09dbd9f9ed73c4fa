import { describe, expect, it } from "vitest";
import type { Calls } from "../../../../src/glitchtip/calls/index.ts";
import { statusPageShape } from "../../../../src/glitchtip/wire/managed.ts";
import { placeStatusPages } from "../../../../src/management/pull/status-pages.ts";
import { observedStatusPage } from "../../../../src/reconcile/index.ts";
import { acme, organization } from "../../../support/planning.ts";

const page = (name: string, organizationId?: string) => ({
  slug: name,
  name,
  isPublic: false,
  ...(organizationId === undefined ? {} : { organizationId }),
});

/** What the account's list has. */
const calls = (count: number) => {
  const list = () =>
    Promise.resolve(Array.from({ length: count }, (_, at) => organization([], { id: String(at + 1) })));
  return { organizations: { list } } as unknown as Calls;
};

describe("whose a status page is", () => {
  it.each([
    ["4.1", { organization: 7 }],
    ["5.1 and later", { organizationID: "7" }],
  ])("says its first monitor in %s", (_, monitor) => {
    const answer = { name: "Shop", slug: "shop", isPublic: true, monitors: [monitor] };
    expect(observedStatusPage(statusPageShape.parse(answer))).toEqual({
      ...page("shop", "7"),
      name: "Shop",
      isPublic: true,
    });
    expect(observedStatusPage(statusPageShape.parse({ ...answer, monitors: [] }))).not.toHaveProperty("organizationId");
  });

  it("is the account's only organization", async () => {
    const { observed, left } = await placeStatusPages(calls(1), acme([], { statusPages: [page("a"), page("b", "1")] }));
    expect(observed.organizations[0]?.statusPages).toEqual([page("a", "1"), page("b", "1")]);
    expect(left).toEqual([]);
  });

  it("is not known where the account is in several, though one alone was read", async () => {
    const there = acme([], { statusPages: [page("a"), page("b", "1")] });
    const { observed, left } = await placeStatusPages(calls(2), there);
    expect(observed).toBe(there);
    expect(left).toEqual([expect.stringMatching(/^status page "a": .*2 organizations/)]);
  });

  it("costs no request where all are known, or none is there", async () => {
    const asked = { organizations: { list: () => Promise.reject(new Error("asked")) } } as unknown as Calls;
    for (const statusPages of [[], [page("b", "1")]])
      await expect(placeStatusPages(asked, acme([], { statusPages }))).resolves.toMatchObject({ left: [] });
  });
});
