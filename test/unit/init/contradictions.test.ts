import { describe, expect, it } from "vitest";
import type { InitOptions } from "../../../src/init/init.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run } from "./initiating.ts";

const A = "errors.example.com";
const B = "other.example.com";

/** A sample workspace whose declaration goes on with these lines; the line number of the first of them. */
async function declaredWith(folder: TemporaryFolder, lines: string): Promise<number> {
  folder.write("old", "smtp://mail");
  folder.write("new", "smtp://mail");
  await run(folder, { sample: true });
  const before = folder.read("glitchtip.yaml");
  folder.write("glitchtip.yaml", `${before}${lines}\n`);
  await run(folder);
  return before.split("\n").length;
}

describe("init with options, beside a declaration", () => {
  const SPELLINGS = [
    ["in block style", `production:\n  domain: ${A}`, 1],
    ["in flow style", `production: { domain: ${A} }`, 0],
    ["under a quoted key", `"production":\n  "domain": "${A}"`, 1],
    ["under a quoted key in flow style", `'production': {'domain': '${A}'}`, 0],
    ["with a blank before the colon", `production : { domain: ${A} }`, 0],
    ["over several lines", `production: {\n  domain:\n    ${A} }`, 1],
  ] as const;

  it.each(SPELLINGS)("that declares a domain %s: the same domain changes nothing", async (_, lines) => {
    using folder = new TemporaryFolder();
    await declaredWith(folder, lines);
    const before = folder.files();
    expect(await run(folder, { domain: A })).toMatchObject({ nothingToChange: true });
    expect(folder.files()).toEqual(before);
  });

  it.each(SPELLINGS)(
    "that declares a domain %s: another domain is refused with both and the line",
    async (_, lines, at) => {
      using folder = new TemporaryFolder();
      const first = await declaredWith(folder, lines);
      const before = folder.files();
      const { code, problems } = await refusal(run(folder, { domain: B }));
      expect([code, problems]).toEqual([
        "GC1001",
        [`production.domain: "${B}" by --domain, "${A}" in glitchtip.yaml:${first + at}`],
      ]);
      expect(folder.files()).toEqual(before);
    },
  );

  it.each([`"mail": { url: file:old }`, `mail:\n  url: file:old`, `'mail': {"url": "file:old"}`])(
    "that declares a mail server as %j: another one is refused",
    async (lines) => {
      using folder = new TemporaryFolder();
      await declaredWith(folder, lines);
      const before = folder.files();
      const { problems } = await refusal(run(folder, { emailUrl: "file:new" }));
      expect(problems).toEqual([
        expect.stringMatching(/^mail\.url: "file:new" by --email-url, "file:old" in glitchtip\.yaml:\d+$/),
      ]);
      expect(folder.files()).toEqual(before);
      expect(await run(folder, { emailUrl: "file:old" })).toMatchObject({ nothingToChange: true });
    },
  );

  it("names every contradiction at once, those of --size as well, in the order of the lines", async () => {
    using folder = new TemporaryFolder();
    await declaredWith(folder, "limits: { web: { memory: 1g } }");
    const options: InitOptions = {
      port: 9000,
      organization: "Other",
      topology: "split",
      size: { eventsPerDay: 50_000, retentionDays: 30 },
    };
    const { problems } = await refusal(run(folder, options));
    expect(problems).toEqual([
      "server.port: 9000 by --port, not stated in glitchtip.yaml (8000 by default)",
      'server.topology: "split" by --topology, not stated in glitchtip.yaml',
      expect.stringMatching(/^organization: "Other" by --organization, "\S+" in glitchtip\.yaml:13$/),
      expect.stringMatching(/^limits: \{.*\} by --size, \{"web":\{"memory":"1g"\}\} in glitchtip\.yaml:\d+$/),
    ]);
  });

  it.each([
    [
      `production: { domain: ${A}, proxy: traefik }`,
      { domain: A, proxyNetwork: "edge", certResolver: "le" },
      "In glitchtip.yaml, under `production:` add `network: edge`, under `production:` add `certResolver: le`, then run init without these options.",
    ],
    [
      `production: { domain: ${A}, proxy: traefik }`,
      { domain: B, proxyNetwork: "edge" },
      "Change glitchtip.yaml (under `production:` add `network: edge`), then run init without these options.",
    ],
    [`production: { domain: ${A} }`, { domain: B }, "Change glitchtip.yaml, then run init without these options."],
  ])("beside %s, %j: the remedy has the lines to add", async (lines, options, remedy) => {
    using folder = new TemporaryFolder();
    await declaredWith(folder, lines);
    expect((await refusal(run(folder, options))).remedy).toBe(remedy);
  });
});
