import { expect, it } from "vitest";
import { asEjected, asManaged, isMadeByUs, MADE_BY_US } from "../../../src/stack/managed-files.ts";

it("the first line names the command that README and glitchtip.yaml name", () => {
  expect(MADE_BY_US).toContain("run `npx glitchtip-compose init`");
});

it.each([MADE_BY_US, MADE_BY_US.replace("compose init`", "compose render`")])(
  "a file of this or an earlier version is known as ours, also where it is ejected and managed again: %s",
  (line) => {
    const ejected = asEjected(`${line}\nservices: {}\n`);
    expect(isMadeByUs(line)).toBe(true);
    expect(ejected).toMatch(/^# Yours since `glitchtip-compose eject`/);
    expect(isMadeByUs(ejected)).toBe(true);
    expect(asManaged(ejected)).toBe(`${MADE_BY_US}\nservices: {}\n`);
  },
);
