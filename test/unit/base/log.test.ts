import { describe, expect, it } from "vitest";
import { lineLog, silentLog } from "../../../src/base/log.ts";

function written(options?: Parameters<typeof lineLog>[1]): string[] {
  const lines: string[] = [];
  const log = lineLog((line) => lines.push(line), options);
  log.info("made team backend");
  log.warn("the port is taken");
  log.step("waiting");
  log.debug("GET /");
  return lines;
}

describe("lineLog", () => {
  it("writes one line for each call, marks warnings, and hides details", () => {
    expect(written()).toEqual(["made team backend\n", "warning: the port is taken\n", "waiting\n"]);
  });

  it("shows details with debug", () => {
    expect(written({ debug: true }).at(-1)).toBe("debug: GET /\n");
  });

  it("writes its prefix before each line", () => {
    expect(written({ prefix: "app: ", debug: true })).toEqual([
      "app: made team backend\n",
      "app: warning: the port is taken\n",
      "app: waiting\n",
      "app: debug: GET /\n",
    ]);
  });
});

it("silentLog writes nothing", () => {
  for (const say of [silentLog.info, silentLog.warn, silentLog.step, silentLog.debug]) expect(say("x")).toBeUndefined();
});
