import { describe, expect, it } from "vitest";
import { standing } from "../../support/reconciling.ts";
import { type ServerProject, SHOP, startServerProject } from "../../support/server-project.ts";

const DECLARED = `${SHOP}members:
  - {email: dev@example.com, role: admin, teams: [backend]}
`;

/** What an apply that nobody disturbs leaves, and how many requests it makes. */
async function undisturbed(generation: "5.2" | "6") {
  await using project = await begun(generation);
  expect(await project.run("apply", "--yes")).toMatchObject({ code: 0 });
  return { whole: sorted(project), requests: project.emulator.requests.map(({ method }) => method) };
}

async function begun(generation: "5.2" | "6"): Promise<ServerProject> {
  const project = await startServerProject({ generation, registration: "open" });
  project.declare(DECLARED);
  return project;
}

/** What is sent side by side is made in any order. */
function sorted(project: ServerProject) {
  const found = standing(project);
  return { ...found, projects: found.projects.sort() };
}

describe.each(["6", "5.2"] as const)("an apply on GlitchTip %s that SIGKILL ends", (generation) => {
  it("after the server acted on any of its requests is made whole by the next one", async () => {
    const { whole, requests } = await undisturbed(generation);
    const first = requests.findIndex((method) => method !== "GET") + 1;
    expect(requests.length - first, "writes after the first").toBeGreaterThanOrEqual(8);
    for (let nth = first; nth <= requests.length; nth++) {
      await using project = await begun(generation);
      project.emulator.fault({ nth, effect: { kind: "hang", acted: true } });
      await using killed = project.start("apply", "--yes");
      while (project.emulator.requests.length < nth) await new Promise<void>((turn) => setImmediate(turn));
      killed.kill("SIGKILL");
      expect((await killed.ended).signal, `request ${nth}`).toBe("SIGKILL");
      project.emulator.clearFaults();
      const next = await project.run("apply", "--yes");
      expect(next.code, `request ${nth}: ${next.stderr}`).toBe(0);
      expect(sorted(project), `request ${nth}`).toEqual(whole);
    }
  }, 300_000);
});
