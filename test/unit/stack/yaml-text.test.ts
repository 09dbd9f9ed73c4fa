import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { YamlAlias, yamlLines } from "../../../src/stack/yaml-text.ts";
import { AMBIGUOUS } from "../../support/arbitrary.ts";
import { propertyRuns } from "../../support/property-runs.ts";

const written = (value: unknown) => `${yamlLines("key", value, { open: false }).join("\n")}\n`;

describe("yamlLines", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({
      unit: fc.constantFrom(
        "a",
        " ",
        "\n",
        "\t",
        ":",
        "#",
        "-",
        "'",
        '"',
        "\\",
        "$",
        "{",
        "}",
        "[",
        ",",
        "*",
        "&",
        "!",
        "\r",
      ),
    }),
    fc.constantFrom(...AMBIGUOUS, "\u2028", "\u0085"),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "small" }, text, fc.integer(), fc.boolean(), tie("list"), tie("map")),
    list: fc.array(fc.oneof(text, fc.integer(), tie("map"))),
    map: fc.dictionary(
      text.filter((key) => key !== "__proto__" && key !== "<<"),
      tie("value"),
    ),
  }));

  it.each(["1.1", "1.2"] as const)("is read back the same by a YAML %s parser", (version) => {
    fc.assert(
      fc.property(value, (data) => {
        expect(parse(written(data), { version, merge: false })).toEqual({ key: data });
      }),
      propertyRuns(100),
    );
  });

  it("writes short lists and maps on one line, long ones on several, and scripts as blocks", () => {
    const data = {
      short: ["a", "b"],
      pair: { condition: "x", required: false },
      long: ["x".repeat(60), "y".repeat(60)],
      script: '#!/bin/sh\n\nexec "$@"\n',
      items: [{ source: "a", target: "b" }],
      left: undefined,
      alias: new YamlAlias("name"),
    };
    expect(written(data)).toBe(`key:
  short: [a, b]
  pair: { condition: x, required: false }
  long:
    - ${"x".repeat(60)}
    - ${"y".repeat(60)}
  script: |
    #!/bin/sh

    exec "$@"
  items:
    - source: a
      target: b
  alias: *name
`);
  });
});
