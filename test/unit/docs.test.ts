import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { ERROR_CODES } from "../../src/base/errors.ts";
import { PRESETS } from "../../src/config/framework-presets.ts";
import { loadDeclaration } from "../../src/config/load.ts";
import { declarationSchema } from "../../src/config/schema.ts";
import { CAPABILITIES, type Capabilities, GENERATIONS, SERVER_PORT } from "../../src/glitchtip/versions.ts";

import { commandsPage } from "../pages/commands-page.ts";
import { errorsPage } from "../pages/errors-page.ts";
import { renderPicture } from "../pages/picture.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);

/** `npx vitest -u` writes the generated pages anew. */
const generated = (path: string, lines: readonly string[]) =>
  expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(join(root, path));

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

const typeOf = (schema: Schema): string | undefined =>
  schema.anyOf?.map(typeOf).join(", ") ??
  (schema.items
    ? `list of ${schema.items.type}s`
    : schema.additionalProperties === undefined || schema.properties
      ? schema.type
      : "map");

function* rows(schema: Schema, path = ""): Generator<string> {
  if (path !== "" && !path.endsWith("[]")) {
    const kind = schema.enum?.join(", ") ?? schema.const ?? typeOf(schema);
    const initial =
      schema.default === undefined || schema.default === "" || typeof schema.default === "object"
        ? ""
        : `\`${schema.default}\``;
    yield `| \`${path}\` | ${kind} | ${Array.isArray(schema.default) ? `\`[${schema.default}]\`` : initial} | ${schema.description ?? ""} |`;
  }
  // As at the top of the file, where it is told once.
  if (path === "servers" || path === "organizations") return;
  if (schema.items?.properties) yield* rows(schema.items, `${path}[]`);
  const join = (name: string) => (path === "" ? name : `${path}.${name}`);
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* rows(child, join(name));
  if (typeof schema.additionalProperties === "object") yield* rows(schema.additionalProperties, join("NAME"));
}

const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ");

/** docs/generations.md, row by row. */
const GENERATION_ROWS: Readonly<Record<string, (generation: Capabilities) => string>> = {
  "tags, for example": ({ tags }) => code(tags),
  topology: ({ topologies: [usual, ...others] }) =>
    others.length === 0 ? `${usual} only` : `${usual}; ${others.join(", ")} by declaration`,
  web: ({ web }) => process(web),
  worker: ({ worker }) => process(worker),
  "all-in-one": ({ allInOne, topologyReason }) => (allInOne ? process(allInOne) : `no: ${topologyReason}`),
  Valkey: ({ needsValkey, losesEventsWithoutValkey }) => {
    if (needsValkey) return "needed, so bundled";
    return losesEventsWithoutValkey ? "bundled; off by declaration, with losses" : "off; bundled by declaration";
  },
  "below a path of a host": ({ basePathVariable }) =>
    basePathVariable === undefined ? "no" : `by \`${basePathVariable}\``,
  "oldest Postgres": ({ leastPostgres }) => String(leastPostgres),
  "its address": ({ valkeyVariables }) => code(valkeyVariables),
  "days that things are kept": ({ retentionVariables }) => code(Object.values(retentionVariables)),
  "an alert may go to": ({ recipientTypes }) => recipientTypes.join(", "),
  "tags of a recipient": ({ recipientTags }) =>
    ({ none: "not known", untold: "taken, never told again", told: "taken and told" })[recipientTags],
  "alerts and monitors to inner addresses": ({ refusesPrivateAddresses }) =>
    refusesPrivateAddresses ? "refused unless the server allows them" : "accepted",
  "cookies behind an https domain": ({ secureCookies }) => (secureCookies ? "Secure" : "as over http"),
  "a write with a session carries": ({ csrfHeaders }) => code(csrfHeaders),
  "one wrong key blocks": ({ wrongKeyBlocks }) =>
    wrongKeyBlocks === "project" ? "its whole project for 30 s" : "that key only",
  "kept-alive connections": ({ closesConnections }) => (closesConnections ? "are closed under bursts" : "hold"),
  "how we know": ({ knownFrom }) =>
    knownFrom === "recordings" ? "recorded from a running server" : "read in its sources and documents",
};

const process = ({ command, environment: { SERVER_ROLE } }: Capabilities["web"]): string =>
  code([command.join(" "), `SERVER_ROLE=${SERVER_ROLE}`]);

describe("pictures", () => {
  const sources = readdirSync(join(root, "docs/pictures")).filter((name) => name.endsWith(".txt"));

  it.each(sources)("%s is rendered", (name) =>
    expect(renderPicture(read(`docs/pictures/${name}`))).toMatchFileSnapshot(
      join(root, `docs/pictures/${name.replace(/txt$/, "svg")}`),
    ),
  );

  it("the recording is below 100 kB, and ends as the demo does", () => {
    const recording = read("docs/pictures/first-event.svg");
    expect(Buffer.byteLength(recording)).toBeLessThan(100_000);
    for (const said of ["npx glitchtip-compose init --yes", "once it runs:", "GlitchTip had it ", "sample app "]) {
      expect(recording).toContain(said);
    }
  });

  it("each one is on a page", () => {
    const shown = pages.flatMap((page) =>
      [...read(page).matchAll(/pictures\/([\w-]+\.(?:svg|png))/g)].map(([, name]) => name),
    );
    const there = readdirSync(join(root, "docs/pictures")).filter((name) => !name.endsWith(".txt"));
    expect(there.filter((name) => !shown.includes(name))).toEqual([]);
  });
});

describe("generated pages", () => {
  it("docs/errors.md explains every code", () => generated("docs/errors.md", errorsPage()));

  it(
    "docs/commands.md lists every command with its options",
    async () => generated("docs/commands.md", await commandsPage()),
    60_000,
  );

  it("docs/declaration.md lists every key", () =>
    generated("docs/declaration.md", [
      "# The declaration, key by key",
      "",
      "`glitchtip.yaml`. All mistakes are reported at once, each with its line; unknown keys are mistakes.",
      "",
      "Editors complete and check the file by its JSON Schema. `init` names it in the first line (`# $schema: …`) and writes it",
      "into `.glitchtip/state`, which git ignores; in a clone `render` writes it. The package brings it as",
      "`dist/glitchtip.schema.json`.",
      "",
      "| key | values | default | meaning |",
      "| --- | --- | --- | --- |",
      ...rows(z.toJSONSchema(declarationSchema, { io: "input" }) as Schema),
    ]));

  it("docs/generations.md shows what the generator and the client go by", () => {
    const generations = GENERATIONS.map((generation) => CAPABILITIES[generation]);
    return generated("docs/generations.md", [
      "# Generations of GlitchTip",
      "",
      "The image's tag decides (`server.image`); if it names none, `server.generation` does.",
      "",
      `| | ${generations.map(({ generation }) => generation).join(" | ")} |`,
      `|${" --- |".repeat(generations.length + 1)}`,
      ...Object.entries(GENERATION_ROWS).map(([name, cell]) => `| ${name} | ${generations.map(cell).join(" | ")} |`),
      "",
      "A newer version than these is treated as the newest one, with a warning, and one in between as its nearest. An",
      `older one is refused. Inside its container the server listens on ${SERVER_PORT} in all of them: PORT is always set.`,
    ]);
  });
});

it("how-it-works.md lists every preset with its variables", () => {
  const rows = Object.entries(PRESETS).map(([name, variables]) => {
    const cells = Object.entries(variables).map(([variable, audience]) =>
      audience === "public" ? `\`${variable}\` (public)` : `\`${variable}\``,
    );
    return `| \`${name}\` | ${cells.join(", ")} |`;
  });
  expect(read("docs/how-it-works.md")).toContain(rows.join("\n"));
});

describe("pages", () => {
  it.each(pages)("%s has no link that leads nowhere", (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) =>
      join(root, dirname(page), target ?? ""),
    );
    expect(targets.filter((target) => !existsSync(target))).toEqual([]);
  });

  it("the index lists every page once", () => {
    const listed = [...read("docs/README.md").matchAll(/^- \[([\w-]+\.md)\]/gm)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(
      readdirSync(join(root, "docs"))
        .filter((name) => /^[a-z].*\.md$/.test(name))
        .toSorted(),
    );
  });

  it("each failure mode names tests that are there", () => {
    const rows = [...read("docs/failure-modes.md").matchAll(/^\|(?! *(?:#|failure|---)).*\|$/gm)].map(([row]) => row);
    expect(rows.length).toBeGreaterThanOrEqual(22);
    const lost = rows.filter((row) => {
      const [, file, title] = /`(test\/\S+) › (.+)` \|$/.exec(row) ?? [];
      return (
        file === undefined || title === undefined || !existsSync(join(root, file)) || !read(file).includes(`"${title}"`)
      );
    });
    expect(lost).toEqual([]);
  });

  it("README's declaration is valid", () => {
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(read("README.md")) ?? [];
    expect(loadDeclaration(yaml ?? "", "README.md").organization).toBe("Acme");
  });

  it("name scripts of package.json that exist", () => {
    const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
    const used = pages.flatMap((page) =>
      [...read(page).matchAll(/npm (?:run ([\w:]+)|(test))/g)].map(([, run, test]) => run ?? test),
    );
    expect(used.filter((name) => !scripts.includes(name ?? ""))).toEqual([]);
  });

  it("every code that the source throws is in the table, and every code of the table is thrown", () => {
    const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && file !== "base/errors.ts")
      .map((file) => read(`src/${file}`))
      .join("\n");
    const thrown = new Set(source.match(/\bGC[12]\d{3}\b/g));
    expect([...thrown].filter((code) => !(code in ERROR_CODES))).toEqual([]);
    expect(Object.keys(ERROR_CODES).filter((code) => !thrown.has(code))).toEqual([]);
  });
});
