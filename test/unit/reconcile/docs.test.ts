import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadServers } from "../../../src/config/load.ts";
import { desiredServers } from "../../../src/reconcile/from-declaration.ts";
import { HEAD, lines, plan } from "../../support/planning.ts";
import { REQUEST_SCHEMAS } from "../../support/request-schemas.ts";

const reference = readFileSync(new URL("../../../docs/declaration.md", import.meta.url), "utf8");
const page = readFileSync(new URL("../../../docs/server.md", import.meta.url), "utf8");
const [one = "", several = "", jira = ""] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml]) => yaml);

describe("docs/server.md", () => {
  it("shows a declaration that creates everything on an empty server", async () => {
    const result = await plan(one, { organizations: [] });
    expect(result).toMatchObject({ errors: [], warnings: [] });
    expect(lines(result)).toEqual([
      "create organization Acme",
      "create team backend",
      "create team frontend",
      "create project shop-api shop-api",
      "create project shop-web shop-web",
      "create member boss@example.com",
      "create member dev@example.com",
      "create key shop-api web",
      "create alert shop-api Glitchtip-Jira-Bridge-Integration",
      "create alert shop-api down",
      "create alert shop-api high-error-rate",
      "create monitor shop-api site",
      "create statusPage Shop",
    ]);
  });

  it("says of every field of a request of GlitchTip where it is declared", () => {
    const rows = [...page.matchAll(/^\| (\w+) \| `(\w+)` \| (.+) \|$/gm)].map(([, schema, field, at]) => ({
      schema,
      field,
      at,
    }));
    expect(rows.map(({ schema, field }) => `${schema} ${field}`)).toEqual(
      Object.entries(REQUEST_SCHEMAS).flatMap(([schema, { fields }]) => fields.map((field) => `${schema} ${field}`)),
    );
    const keys = [...reference.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key = ""]) => key);
    const declared = rows.flatMap(({ at = "" }) => /^`([^`]+)`$/.exec(at)?.[1] ?? []);
    expect(declared.length).toBeGreaterThan(30);
    expect(declared.filter((key) => !keys.includes(key.replace(/^teams\[\]$/, "teams")))).toEqual([]);
  });

  it("shows several servers, each with its own scope", () => {
    expect(desiredServers(loadServers(several, "g.yaml"), "g")).toMatchObject([
      {
        name: "prod",
        manages: ["alert", "monitor"],
        prune: false,
        organizations: [{ name: "Acme" }, { name: "Acme Labs" }],
      },
      { name: "test", manages: { length: 8 }, prune: true, organizations: [{ name: "Acme" }] },
    ]);
  });

  it("shows an escalation policy whose boards become one alert", async () => {
    const project = jira.replaceAll("\n", "\n    ");
    const bridged = HEAD.replace(
      "'env:TOKEN'",
      "'env:TOKEN', jiraBridge: {alertUrl: 'https://b.example.com/api/v1/alert'}",
    );
    const { actions } = await plan(`${bridged}projects:\n  shop:\n    ${project}\n`, { organizations: [] });
    expect(actions.at(-1)?.changes.at(-1)).toEqual({
      field: "recipients",
      to: [
        "webhook https://b.example.com/api/v1/alert/OPS?labels=glitchtip&labels=page&components=api&issue_type=Task",
        "webhook https://b.example.com/api/v1/alert/SHOP?labels=glitchtip&labels=page&components=api",
      ],
    });
  });
});
