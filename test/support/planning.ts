import { CodedError } from "../../src/base/errors.ts";
import { Secret } from "../../src/base/secret.ts";
import { loadServers } from "../../src/config/load.ts";
import type { Generation } from "../../src/glitchtip/versions.ts";
import type { Plan } from "../../src/reconcile/action.ts";
import type { DesiredServer } from "../../src/reconcile/desired.ts";
import { desiredServers } from "../../src/reconcile/from-declaration.ts";
import { type KnownServer, NOTHING_KNOWN } from "../../src/reconcile/matching.ts";
import type {
  ObservedAlert,
  ObservedOrganization,
  ObservedProject,
  ObservedServer,
} from "../../src/reconcile/observed.ts";
import { planServer } from "../../src/reconcile/plan.ts";
import { resolveDesired } from "../../src/reconcile/resolve.ts";

export const HEAD =
  "version: 1\nserver: {url: https://glitchtip.example.com, token: 'env:TOKEN'}\norganization: Acme\n";

/** Returns what the declaration wants on its first server. Every reference resolves to an address with its name. */
export async function desired(
  text: string,
  secrets: Readonly<Record<string, string>> = {},
  unreadable: readonly string[] = [],
): Promise<DesiredServer> {
  const [server] = desiredServers(loadServers(text, "glitchtip.yaml"), "prod");
  if (server === undefined) throw new Error("no server");
  return resolveDesired(server, ({ reference }) =>
    unreadable.includes(reference)
      ? Promise.reject(new CodedError("GC1107", `${reference} is not set`))
      : Promise.resolve(new Secret(secrets[reference] ?? `https://secret.example.com/${reference}`)),
  );
}

const DATE = "2026-01-01T00:00:00Z";

export const project = (slug: string, over: Partial<ObservedProject> = {}): ObservedProject => ({
  id: "1",
  slug,
  name: slug,
  dateCreated: DATE,
  platform: null,
  throttle: 0,
  teams: ["developers"],
  ...over,
});

export const organization = (
  projects: readonly ObservedProject[],
  over: Partial<ObservedOrganization> = {},
): ObservedOrganization => ({ id: "1", slug: "acme", name: "Acme", dateCreated: DATE, projects, ...over });

export const acme = (
  projects: readonly ObservedProject[],
  over: Partial<ObservedOrganization> = {},
): ObservedServer => ({
  organizations: [organization(projects, over)],
});

export const alert = (name: string, over: Partial<ObservedAlert> = {}): ObservedAlert => ({
  id: "1",
  name,
  timespanMinutes: 60,
  quantity: 100,
  uptime: false,
  recipients: [{ type: "email", url: "" }],
  ...over,
});

interface Options {
  readonly generation?: Generation;
  readonly strict?: boolean;
  readonly known?: KnownServer;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly unreadable?: readonly string[];
}

export async function plan(text: string, observed: ObservedServer, options: Options = {}): Promise<Plan> {
  const { generation = "5.2", strict = false, known = NOTHING_KNOWN, secrets, unreadable } = options;
  return planServer(await desired(text, secrets, unreadable), observed, { generation, strict, known });
}

/** Returns one line for each action. */
export const lines = ({ actions }: Plan): string[] =>
  actions.map(({ type, kind, project, name }) => [type, kind, project, name].filter(Boolean).join(" "));
