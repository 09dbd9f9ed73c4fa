import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { fitted, openLiveView } from "../../../src/cli/live-view.ts";

describe("a live view", () => {
  it("is drawn again for each size of the window until it is closed", () => {
    const written: string[] = [];
    const terminal = Object.assign(new EventEmitter(), {
      columns: 20,
      rows: 3,
      write: (text: string) => written.push(text),
    });
    {
      using view = openLiveView(terminal, "Ctrl-C ends it");
      terminal.emit("resize");
      view.show("one\ntwo\nthree");
      Object.assign(terminal, { rows: 10 });
      terminal.emit("resize");
    }
    terminal.emit("resize");
    expect(written).toEqual([
      "\u001b[H\u001b[2Jone\n… 2 more: enlarge the window\n",
      "\u001b[H\u001b[2Jone\ntwo\nthree\nCtrl-C ends it\n",
    ]);
  });

  it("has its last line for how it ends, also where not all fits", () => {
    const written: string[] = [];
    const terminal = Object.assign(new EventEmitter(), {
      columns: 20,
      rows: 4,
      write: (text: string) => written.push(text),
    });
    using view = openLiveView(terminal, "Ctrl-C ends it");
    view.show("one\ntwo\nthree");
    expect(written).toEqual(["\u001b[H\u001b[2Jone\n… 2 more: enlarge the window\nCtrl-C ends it\n"]);
  });

  it("counts the rows that a long line takes, with colours and wide characters", () => {
    const long = "\u001b[31m漢漢漢漢漢\u001b[0m";
    expect(fitted(`${long}\nb`, { columns: 10, rows: 3 })).toBe(`${long}\nb`);
    expect(fitted(`${long}\nb`, { columns: 5, rows: 3 })).toBe("… 2 more: enlarge the window");
    expect(fitted("a\nb", { columns: 0, rows: 0 })).toBe("… 2 more: enlarge the window");
  });
});
