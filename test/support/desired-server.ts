import { Secret } from "../../src/base/secret.ts";
import {
  type DesiredAlert,
  type DesiredOrganization,
  type DesiredProject,
  type DesiredServer,
  KINDS,
} from "../../src/reconcile/desired.ts";

export const desiredServer = (over: Partial<DesiredServer> = {}): DesiredServer => ({
  name: "prod",
  timeoutMs: 15_000,
  retries: 3,
  prune: false,
  allowPrivateAddresses: false,
  manages: KINDS,
  listsOrganizations: false,
  organizations: [],
  ...over,
});

export const desiredOrganization = (over: Partial<DesiredOrganization> = {}): DesiredOrganization => ({
  name: "Acme",
  listsProjects: true,
  projects: [],
  ...over,
});

export const desiredProject = (name: string, over: Partial<DesiredProject> = {}): DesiredProject => ({
  key: name,
  name,
  nameIsDeclared: false,
  team: "backend",
  teamIsDeclared: false,
  ...over,
});

export const desiredAlert = (name: string, over: Partial<DesiredAlert> = {}): DesiredAlert => ({
  name,
  timespanMinutes: 10,
  quantity: 100,
  uptime: false,
  recipients: [{ type: "email", url: "" }],
  ...over,
});

/** What the emulator's `seed` makes, as a declaration that manages alerts. */
export function seededServer(projects: number, alerts: number): DesiredServer {
  const recipients = (project: string, nth: number) => [
    { type: "email", url: "" },
    { type: "webhook", url: `https://hooks.example.com/${project}/${nth}` },
  ];
  const alertsOf = (project: string) =>
    Array.from({ length: alerts }, (_, at) =>
      desiredAlert(`alert-${at + 1}`, {
        timespanMinutes: 10 * (at + 1),
        quantity: 100 * (at + 1),
        recipients: recipients(project, at + 1),
      }),
    );
  const all = Array.from({ length: projects }, (_, at) => {
    const name = `project-${String(at + 1).padStart(5, "0")}`;
    return desiredProject(name, { alerts: alertsOf(name) });
  });
  return desiredServer({ manages: ["alert"], organizations: [desiredOrganization({ projects: all })] });
}

/** A declaration with something of every kind. */
export const everything = (over: Partial<DesiredOrganization> = {}): DesiredServer =>
  desiredServer({
    organizations: [
      desiredOrganization({
        teams: ["backend", "frontend"],
        members: [{ email: "dev@example.com", role: "admin", teams: ["backend"] }],
        statusPages: [{ name: "Public", isPublic: true }],
        projects: [
          desiredProject("shop-api", {
            teamIsDeclared: true,
            platform: "node",
            throttle: 20,
            keys: [{ label: "ci", rateLimit: { window: 60, count: 10 } }],
            alerts: [
              desiredAlert("errors", {
                recipients: [
                  { type: "email", url: "" },
                  { type: "webhook", url: new Secret("https://hooks.example.com/a") },
                ],
              }),
              desiredAlert("uptime", { timespanMinutes: null, quantity: null, uptime: true }),
            ],
            monitors: [
              {
                name: "site",
                type: "GET",
                url: "https://shop.example.com/",
                intervalSeconds: 60,
                timeoutSeconds: 20,
                expectedStatus: 200,
                expectedBody: "",
              },
            ],
          }),
        ],
        ...over,
      }),
    ],
  });
