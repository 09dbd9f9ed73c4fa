import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asAdmin } from "../../support/admin-calls.ts";
import { type ServerProject, SHOP, startServerProject } from "../../support/server-project.ts";

interface Found {
  readonly id: number;
  readonly name: string;
}

/** A server as `SHOP` says, and a plan that makes one alert stricter and posts it to a secret address. */
async function withPlan(): Promise<ServerProject> {
  const project = await startServerProject();
  project.declare(SHOP);
  await project.run("apply", "--yes");
  project.write("hook", "https://hooks.example.com/a-secret-of-mine");
  project.declare(SHOP.replace("quantity: 10", "quantity: 20").replace('"https://hooks.example.com/a"', "file:hook"));
  const planned = await project.run("plan", "--out", "next.plan");
  expect([planned.code, planned.stderr]).toEqual([3, expect.stringContaining("apply --plan next.plan")]);
  return project;
}

async function errorsOf({ emulator }: ServerProject, slug = "shop-api"): Promise<Found> {
  const all = await asAdmin<Found[]>(emulator, "GET", `projects/acme/${slug}/alerts/`);
  const found = all.find(({ name }) => name === "errors");
  if (found === undefined) throw new Error("there is no such alert");
  return found;
}

const writes = ({ emulator }: ServerProject) => emulator.requests.filter(({ method }) => method !== "GET").length;

describe("apply --plan", () => {
  it("does exactly what was shown, without a question; the file is the user's alone and holds no secret", async () => {
    await using project = await withPlan();
    expect((statSync(join(project.folders.project, "next.plan")).mode & 0o777).toString(8)).toBe("600");
    expect(project.read("next.plan")).not.toMatch(/a-secret-of-mine/);
    const { code, stdout } = await project.run("apply", "--plan", "next.plan", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { applied_count: 1, actions: [{ alert_name: "errors" }] }]);
    expect(await project.run("plan")).toMatchObject({ code: 0 });
  }, 60_000);

  it.each([
    [
      "another's change of the same alert",
      async (project: ServerProject) => {
        const { id } = await errorsOf(project);
        const alert = {
          name: "errors",
          quantity: 15,
          timespanMinutes: 5,
          alertRecipients: [{ recipientType: "email" }],
        };
        await asAdmin(project.emulator, "PUT", `projects/acme/shop-api/alerts/${id}/`, alert);
      },
      /prod\/Acme\/shop-api: update alert "errors": quantity 10 → 20, .* was shown, now it is quantity 15 → 20/,
    ],
    [
      "a change that is not shown",
      async (project: ServerProject) => {
        const { id } = await errorsOf(project);
        const alertRecipients = [
          { recipientType: "email" },
          { recipientType: "webhook", url: "https://hooks.example.com/b" },
        ];
        const alert = { name: "errors", quantity: 10, timespanMinutes: 5, alertRecipients };
        await asAdmin(project.emulator, "PUT", `projects/acme/shop-api/alerts/${id}/`, alert);
      },
      /prod\/Acme\/shop-api: update alert "errors": it was changed on the server in the meantime/,
    ],
    [
      "what somebody took away",
      async (project: ServerProject) => {
        const { id } = await errorsOf(project, "jobs");
        await asAdmin(project.emulator, "DELETE", `projects/acme/jobs/alerts/${id}/`);
      },
      /prod\/Acme\/jobs: create alert "errors" is now in the plan, too/,
    ],
    [
      "a changed declaration",
      async (project: ServerProject) => project.write("glitchtip.yaml", `${project.read()}# more\n`),
      /glitchtip\.yaml has changed since the plan was created/,
    ],
    [
      "a changed secret",
      async (project: ServerProject) => project.write("hook", "https://hooks.example.com/another-secret"),
      /prod\/Acme\/shop-api: update alert "errors": a secret in it has changed/,
    ],
  ])(
    "refuses after %s, names it, and changes nothing",
    async (_, move, said) => {
      await using project = await withPlan();
      await move(project);
      const before = writes(project);
      const { code, stderr } = await project.run("apply", "--plan", "next.plan");
      expect([code, stderr]).toEqual([1, expect.stringContaining("error GC1409")]);
      expect(stderr).toMatch(said);
      expect(stderr).not.toMatch(/secret-of-mine|another-secret/);
      expect(writes(project)).toBe(before);
    },
    60_000,
  );

  it("takes no file of anything else, and no flags that say something else", async () => {
    await using project = await startServerProject();
    project.declare(SHOP);
    project.write("x", "{}");
    for (const words of [
      ["--plan", "x"],
      ["--plan", "none"],
      ["--plan", "x", "--instance", "prod"],
    ]) {
      expect(await project.run("apply", ...words)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--plan"),
      });
    }
  }, 60_000);

  it("has no plan with holes: where something could not be planned none is kept", async () => {
    await using project = await startServerProject();
    project.declare(SHOP.replace('"https://hooks.example.com/a"', "file:hook"));
    const { code, stderr } = await project.run("plan", "--out", "next.plan");
    expect([code, stderr]).toEqual([1, expect.stringContaining("next.plan is not written")]);
    expect(() => project.read("next.plan")).toThrow();
  }, 60_000);
});
