import { EventEmitter } from "node:events";
import type { WriteStream } from "node:tty";
import { expect, it } from "vitest";
import { assumeWindowSize } from "../../../src/cli/window-size.ts";

const terminal = (columns: number | undefined, isTTY = true, rows = 0) =>
  Object.assign(new EventEmitter(), { isTTY, columns, rows }) as unknown as WriteStream;

it.each([
  [0, 80],
  [19, 80],
  [undefined, 80],
  [20, 20],
  [200, 200],
])("a terminal that reports %j columns has %j", (reported, columns) => {
  const stream = terminal(reported);
  assumeWindowSize(stream);
  expect(stream.columns).toBe(columns);
});

it("a terminal that reports no rows has 24", () => {
  const sizes = [0, 3].map((rows) => {
    const stream = terminal(100, true, rows);
    assumeWindowSize(stream);
    return stream.rows;
  });
  expect(sizes).toEqual([24, 3]);
});

it("has a usable width before anybody else hears of a new size", () => {
  const stream = terminal(100);
  const heard: number[] = [];
  stream.on("resize", () => heard.push(stream.columns));
  assumeWindowSize(stream);
  for (const columns of [0, 50]) {
    Object.assign(stream, { columns });
    stream.emit("resize");
  }
  expect(heard).toEqual([80, 50]);
});

it("leaves a pipe alone", () => {
  const stream = terminal(undefined, false);
  assumeWindowSize(stream);
  expect(stream.columns).toBeUndefined();
});
