import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";
import { DEFAULT_TEAM } from "../config/defaults.ts";
import { slugify } from "../glitchtip/wire/slugify.ts";
import { type DeclaredServer, serversIn } from "../management/index.ts";
import { type DesiredAlert, type DesiredServer, JIRA_ALERT, type Reference } from "../reconcile/index.ts";
import { parseReference } from "../references/reference.ts";
import type { CompatInstance, CompatOrganization, CompatProject } from "./compat-schema.ts";
import { serverAddress } from "./lock.ts";

/** What requests may bring along, by the subject of their token. */
export interface AllowedTargets {
  /** Returns what is wrong with the targets of a subject's request. */
  problems(subject: string, instances: readonly Pick<CompatInstance, "name" | "console_url" | "token">[]): string[];
}

const target = z.strictObject({ url: z.url(), vault: z.url(), path: z.string().check(z.minLength(1)) });
const targetsSchema = z.record(z.string(), z.array(target));

/** Reads the file of allowed targets. Throws GC1001 where it cannot be used. */
export function readAllowedTargets(path: string): AllowedTargets {
  let allowed: z.infer<typeof targetsSchema>;
  try {
    allowed = z.parse(targetsSchema, parseYaml(readFileSync(path, "utf8")));
  } catch (cause) {
    const problems =
      cause instanceof z.core.$ZodError ? cause.issues.map((i) => `${i.path.join(".")}: ${i.message}`) : [];
    throw new CodedError("GC1001", `--compat ${path} cannot be used`, {
      problems,
      remedy: "Write for each subject a list of {url, vault, path}: docs/service.md.",
      cause,
    });
  }
  const keyOf = (url: string, vault: string, secret: string) =>
    JSON.stringify([serverAddress(url), serverAddress(vault), secret.replace(/^\/+|\/+$/g, "")]);
  const bySubject = new Map(
    Object.entries(allowed).map(([subject, all]) => [
      subject,
      new Set(all.map(({ url, vault, path: secret }) => keyOf(url, vault, secret))),
    ]),
  );
  return {
    problems: (subject, instances) =>
      instances.flatMap(({ name, console_url, token }) =>
        bySubject.get(subject)?.has(keyOf(console_url, token.secret_manager_url, token.path))
          ? []
          : [
              `${name}: ${subject} may not use ${console_url} with the secret ${token.path} of ${token.secret_manager_url}`,
            ],
      ),
  };
}

/** Servers that a request brings, and the variables that their references name. */
export interface BroughtServers {
  readonly servers: readonly DeclaredServer[];
  readonly env: Readonly<Record<string, string>>;
}

/** A declaration whose contents the request replaces. */
const EMPTY = JSON.stringify({
  version: 1,
  servers: { target: { url: "http://localhost", token: "env:TOKEN", organization: "target" } },
});

/** Turns instances into servers, as declarations are. Addresses of webhooks are secrets, so they are references, too. */
export function openBroughtServers(dir: string): BroughtServers & { add(instance: CompatInstance): void } {
  const servers: DeclaredServer[] = [];
  const env: Record<string, string> = {};
  const hide = (url: string, key: string): Reference => {
    env[key] = url;
    return { reference: `env:${key}`, key };
  };
  const [base] = serversIn(dir, "request.json", EMPTY) as [DeclaredServer];
  return {
    servers,
    env,
    add(instance) {
      const url = instance.token.secret_manager_url;
      servers.push({
        ...base,
        // Servers of one path share what was read from its Vault.
        path: `${base.path} ${url}`,
        declaration: { ...base.declaration, vault: { url } },
        desired: desiredOf(instance, `instances.${servers.length}`, hide),
      });
    },
  };
}

/** Returns the reference to the token of an instance. */
export function tokenReference({ token: { path, field, version } }: Pick<CompatInstance, "token">): string {
  const at = `vault:${path.replace(/^\/+/, "")}`;
  return `${at}${field ? `#${field}` : ""}${version ? `?version=${version}` : ""}`;
}

const isUsable = (instance: Pick<CompatInstance, "token">): boolean =>
  parseReference(tokenReference(instance)) !== undefined;

function desiredOf(
  instance: CompatInstance,
  key: string,
  hide: (url: string, key: string) => Reference,
): DesiredServer<Reference> {
  return {
    name: instance.name,
    url: instance.console_url,
    token: { reference: tokenReference(instance), key: `${key}.token` },
    timeoutMs: instance.read_timeout * 1_000,
    retries: instance.max_retries,
    prune: true,
    allowPrivateAddresses: false,
    manages: ["alert"],
    listsOrganizations: false,
    organizations: instance.organizations.map(({ name, projects }, o) => ({
      name,
      listsProjects: false,
      projects: projects.map((project, p) => {
        const slug = slugOf(project);
        const place = `${key}.organizations.${o}.projects.${p}`;
        return {
          key: slug,
          name: project.name || slug,
          nameIsDeclared: false,
          slug,
          team: DEFAULT_TEAM,
          teamIsDeclared: false,
          alerts: alertsOf(project.alerts, place, hide),
        };
      }),
    })),
  };
}

const slugOf = ({ slug, name }: CompatProject): string => slug || slugify(name);

type CompatAlert = CompatProject["alerts"][number];

/** The Jira alert comes once for each board; it is one alert with all their recipients. */
function alertsOf(
  alerts: readonly CompatAlert[],
  place: string,
  hide: (url: string, key: string) => Reference,
): DesiredAlert<Reference>[] {
  const byName = new Map<string, DesiredAlert<Reference>>();
  const seen = new Set<string>();
  for (const [a, { name, quantity, timespan_minutes, recipients }] of alerts.entries()) {
    const before = byName.get(name)?.recipients ?? [];
    const added = recipients.flatMap(({ recipient_type: type, url }, r) => {
      const same = JSON.stringify([name, type, url]);
      if (seen.has(same)) return [];
      seen.add(same);
      return [{ type, url: type === "email" ? "" : hide(url, `${place}.alerts.${a}.recipients.${r}.url`) }];
    });
    byName.set(name, {
      name,
      quantity,
      timespanMinutes: timespan_minutes,
      uptime: false,
      recipients: [...before, ...added],
    });
  }
  return [...byName.values()];
}

/** What the API keeps of an organization once it has read it. */
export interface OrganizationOutline {
  readonly name: string;
  /** What is listed twice in it. Each text continues `instance/organization`. */
  readonly problems: readonly string[];
}

/** An instance without the contents of its organizations. */
export type InstanceOutline = Omit<CompatInstance, "organizations"> & {
  readonly organizations: readonly OrganizationOutline[];
};

export function outlineOf({ name, projects }: CompatOrganization): OrganizationOutline {
  const alertsTwice = (project: CompatProject) => {
    const names = project.alerts.map((one) => one.name).filter((alert) => alert !== JIRA_ALERT);
    return twice(`/${slugOf(project)}: the alert`, names);
  };
  return { name, problems: [...twice(": the project", projects.map(slugOf)), ...projects.flatMap(alertsTwice)] };
}

function twice(what: string, names: readonly string[]): string[] {
  const seen = new Set<string>();
  const doubles = new Set(names.filter((name) => seen.size === seen.add(name).size));
  return [...doubles].map((name) => `${what} "${name}" is listed twice`);
}

/** Returns what no single field of a request shows: what is listed twice, and tokens that no reference can name. */
export function compatProblems(instances: readonly InstanceOutline[]): string[] {
  return [
    ...twice(
      "instances: the instance",
      instances.map(({ name }) => name),
    ),
    ...instances.filter((one) => !isUsable(one)).map(({ name }) => `${name}: its token is no path of a secret`),
    ...instances.flatMap(({ name, organizations }) => [
      ...twice(
        `${name}: the organization`,
        organizations.map((one) => one.name),
      ),
      ...organizations.flatMap((one) => one.problems.map((problem) => `${name}/${one.name}${problem}`)),
    ]),
  ];
}
