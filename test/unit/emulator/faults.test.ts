import { describe, expect, it } from "vitest";
import type { FaultEffect } from "../../../src/emulator/fault.ts";
import { Faults } from "../../../src/emulator/faults.ts";

const effect: FaultEffect = { kind: "html" };

describe("a fault", () => {
  it("affects the first request only, by default", () => {
    const faults = new Faults();
    faults.add({ effect });
    expect([faults.hit("GET", "/"), faults.hit("GET", "/")]).toEqual([effect, undefined]);
  });

  it("affects `times` requests from the n-th match on", () => {
    const faults = new Faults();
    faults.add({ method: "post", path: /projects/, nth: 2, times: 2, effect });
    const targets = ["GET /projects/", "POST /teams/", ...Array(5).fill("POST /projects/")];
    const hits = targets.map((target) => faults.hit(...(target.split(" ") as [string, string])) !== undefined);
    expect(hits).toEqual([false, false, false, true, true, false, false]);
  });

  it("counts a request that another fault affects", () => {
    const faults = new Faults();
    const first: FaultEffect = { kind: "reset" };
    faults.add({ effect: first });
    faults.add({ nth: 2, effect });
    expect([faults.hit("GET", "/"), faults.hit("GET", "/")]).toEqual([first, effect]);
  });

  it("may have a pattern with the global flag", () => {
    const faults = new Faults();
    faults.add({ path: /a/g, times: 3, effect });
    expect(["/a", "/a", "/a"].map((target) => faults.hit("GET", target))).toEqual([effect, effect, effect]);
  });
});
