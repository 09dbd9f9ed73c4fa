import { Writable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { openProgressLine } from "../../../src/cli/progress-line.ts";

function terminalOf(columns: number) {
  let written = "";
  const terminal = new Writable({
    write(chunk, _, done) {
      written += String(chunk);
      done();
    },
  });
  return { terminal: Object.assign(terminal, { columns }), lines: () => written.split("\u001b[1G\u001b[2K").slice(1) };
}

describe("the progress line", () => {
  it("says what is being done and for how long, in one line, and is cleared at the end", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const { terminal, lines } = terminalOf(40);
    {
      using line = openProgressLine(terminal, "starting");
      vi.advanceTimersByTime(1_200);
      line.say("waiting for GlitchTip, whose first start takes a while");
    }
    vi.advanceTimersByTime(1_000);
    vi.useRealTimers();
    const shown = lines();
    expect(shown[0]).toBe("| starting [0s]");
    expect(shown.at(-3)).toBe("- starting [1s]");
    expect(shown.at(-2)).toMatch(/^. waiting for GlitchTip, whose f… \[1s\]$/);
    expect(shown.at(-1)).toBe("");
    expect(shown.every((line) => line.length < 40)).toBe(true);
  });
});
