import { expect, it } from "vitest";
import { cliFolders, runCli } from "../support/cli-process.ts";

it("size reports what so many events need, why, and how to apply it, in an empty folder", async () => {
  using folders = cliFolders();
  const { code, stdout } = await runCli(folders, "size", "--events-per-day", "50000", "--retention", "30d");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^topology +split$/m);
  expect(stdout).toMatch(/^memory +4\.0 GiB for the machine$/m);
  expect(stdout).toMatch(/^postgres +shared_buffers=256MB /m);
  expect(stdout).toContain("apply: npx glitchtip-compose init --size 50000/30d");
  expect(stdout).toMatch(/^9,699 bytes +an error of 20\.7 kB/m);
  const json = await runCli(folders, "size", "--events-per-day", "50000", "--retention", "30", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    topology: "split",
    declaration: { server: { retention: { events: "30d" } }, postgres: { shared_buffers: "256MB" } },
    measuredNumbers: { eventBytes: { value: 9699 } },
  });
});

it.each([
  [
    ["size", "--events-per-day", "many", "--retention", "-1d"],
    ["--events-per-day many", "--retention -1d"],
  ],
  [
    ["load", "--events", "10001", "--concurrency", "0"],
    ["--events 10001", "--concurrency 0"],
  ],
  [
    ["init", "--size", "50000", "--port", "x"],
    ["--size 50000", "--port x"],
  ],
])("%j: each value that cannot be used is named at once", async (words, problems) => {
  using folders = cliFolders();
  const { code, stderr } = await runCli(folders, ...words);
  expect(code).toBe(2);
  for (const problem of problems) expect(stderr).toContain(problem);
});

it("size without a number of events asks for it", async () => {
  using folders = cliFolders();
  const { code, stderr } = await runCli(folders, "size");
  expect(code).toBe(2);
  expect(stderr).toContain("--events-per-day");
});
