import fc from "fast-check";
import { expect, it } from "vitest";
import { hrefOf } from "../../../src/glitchtip/wire/url.ts";
import { propertyRuns } from "../../support/property-runs.ts";

/** As the platform writes it. */
const byPlatform = (text: string) => (URL.canParse(text) ? new URL(text).href : undefined);

const part = fc.oneof(
  fc.constantFrom(
    "https://",
    "http://",
    "a.example",
    "hooks",
    ".",
    "..",
    "/",
    "//",
    ":443",
    "?a=b",
    "#",
    "%2e",
    "xn--",
    "0x7f.1",
    "-",
    "_",
    "A",
  ),
  fc.string({ maxLength: 3 }),
);

it("URLs are as new URL writes them, also those that are not parsed", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
      const text = `https://hooks.example.com/${parts.join("")}`;
      for (const one of [parts.join(""), text, `https://${parts.join("")}/x`])
        expect(hrefOf(one)).toBe(byPlatform(one));
    }),
    propertyRuns(5_000),
  );
});
