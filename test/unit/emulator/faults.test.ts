import { describe, expect, it } from "vitest";
import { type FaultEffect, Faults } from "../../../src/emulator/faults.ts";

const effect: FaultEffect = { kind: "html" };

describe("a fault", () => {
  it("hits the first request by default, and only that", () => {
    const faults = new Faults();
    faults.add({ effect });
    expect([faults.hit("GET", "/"), faults.hit("GET", "/")]).toEqual([effect, undefined]);
  });

  it("hits so many requests from the n-th on that fits", () => {
    const faults = new Faults();
    faults.add({ method: "post", path: /projects/, nth: 2, times: 2, effect });
    const targets = ["GET /projects/", "POST /teams/", ...Array(5).fill("POST /projects/")];
    const hits = targets.map((target) => faults.hit(...(target.split(" ") as [string, string])) !== undefined);
    expect(hits).toEqual([false, false, false, true, true, false, false]);
  });

  it("counts a request also while another fault hits it", () => {
    const faults = new Faults();
    const first: FaultEffect = { kind: "reset" };
    faults.add({ effect: first });
    faults.add({ nth: 2, effect });
    expect([faults.hit("GET", "/"), faults.hit("GET", "/")]).toEqual([first, effect]);
  });

  it("may carry a global expression", () => {
    const faults = new Faults();
    faults.add({ path: /a/g, times: 3, effect });
    expect(["/a", "/a", "/a"].map((target) => faults.hit("GET", target))).toEqual([effect, effect, effect]);
  });
});
