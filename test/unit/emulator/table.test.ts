import { describe, expect, it } from "vitest";
import { EmulatorState } from "../../../src/emulator/state.ts";
import { Table } from "../../../src/emulator/table.ts";

interface Row {
  readonly id: number;
  readonly slug: string;
}

const filled = () => {
  const table = new Table<Row>({ slug: (row) => row.slug });
  for (const slug of ["a", "b", "b"]) table.insert({ slug });
  return table;
};

describe("a table", () => {
  it("numbers its rows from 1 and never reuses an id", () => {
    const table = filled();
    table.delete(3);
    table.skipId();
    expect(table.insert({ slug: "c" }).id).toBe(5);
  });

  it("finds rows by a column, even after an update and a delete", () => {
    const table = filled();
    table.update(1, { slug: "b" });
    table.delete(2);
    expect(table.where("slug", "b").map((row) => row.id)).toEqual([3, 1]);
    expect(table.first("slug", "a")).toBeUndefined();
  });

  it("recomputes a derived list only after a change", () => {
    const table = filled();
    const list = () => table.cached("all", () => [...table.all()]);
    expect(list()).toBe(list());
    const before = list();
    table.insert({ slug: "d" });
    expect(list()).toHaveLength(before.length + 1);
  });
});

describe("the state", () => {
  it("survives a round trip through one JSON document", () => {
    const state = new EmulatorState();
    state.marks.insert({ name: "x", untilMs: 5 });
    state.teams.insert({ organizationId: 1, slug: "core", created: "", memberIds: [1] });
    state.teams.skipId();
    const copy = new EmulatorState();
    copy.load(JSON.parse(JSON.stringify(state.dump())));
    expect(copy.dump()).toEqual(state.dump());
    expect(copy.teams.first("slug", "1/core")?.memberIds).toEqual([1]);
  });
});
