import { basename } from "node:path";
import { defined } from "../base/defined.ts";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import type { UserProject } from "../compose/model.ts";
import { DEFAULT_IMAGE } from "../config/defaults.ts";
import { yamlLines } from "../stack/yaml-text.ts";
import { reportersFirst } from "../workspace/index.ts";
import type { InitOptions } from "./options.ts";
import { keysForSize, sizeOfExisting } from "./size.ts";
import { setAt, statedValues } from "./stated-values.ts";

/** What a new declaration states; the rest are defaults. */
export interface NewDeclaration {
  readonly version: 1;
  readonly server: Readonly<Record<string, unknown>>;
  readonly admin?: { readonly email: string; readonly password?: string };
  readonly organization: string;
  readonly projects: Readonly<Record<string, object>>;
  readonly apps: Readonly<Record<string, object>>;
  readonly engine?: string;
  readonly provisioner?: string;
  readonly production?: object;
  readonly service?: object;
  readonly mail?: object;
  readonly limits?: object;
  readonly postgres?: object;
}

/** Returns the declaration that the options come to. */
export function newDeclaration(dir: string, options: InitOptions, user: UserProject): NewDeclaration {
  const { serverUrl, token, tokenFile, size, image, topology, domain } = options;
  const apps = options.noApps ? {} : options.apps;
  if (apps === undefined) throw appsNotSaid(user);
  refuseUnknownServices(options, apps);
  const isOurs = serverUrl === undefined;
  if (size !== undefined && !isOurs) throw sizeOfExisting(serverUrl);
  const sized = size && keysForSize(size, { ...defined({ image, topology }), production: domain !== undefined });
  const hasToken = token !== undefined || tokenFile !== undefined;
  const wanted = {
    version: 1 as const,
    server: isOurs ? { image: DEFAULT_IMAGE } : {},
    admin: hasToken ? undefined : { email: "admin@example.com" },
    organization: usualOrganization(dir),
    projects: Object.fromEntries(Object.values(apps).map((project) => [project, { team: "developers" }])),
    apps: Object.fromEntries(Object.keys(apps).map((service) => [service, {}])),
    engine: undefined,
    provisioner: undefined,
    production: undefined,
    ...serviceSection(options),
    mail: undefined,
    ...(sized && { limits: sized.limits, postgres: sized.postgres }),
  };
  for (const { path, value } of statedValues(options))
    if (!isImplied(path, value, hasToken)) setAt(wanted, path, value);
  // In production it is stated, so that whoever answers for the data sees it.
  const usual = domain === undefined ? {} : { retention: { events: "90d" } };
  const settled = { ...usual, ...sized?.server, ...defined({ topology }) };
  if (isOurs) for (const [key, value] of Object.entries(settled)) setAt(wanted, ["server", key], value);
  return defined(wanted) as NewDeclaration;
}

const serviceSection = ({ service }: InitOptions) => ({ service: service ? {} : undefined });

/** Whoever signs in by a token needs no administrator, and port 8000 is the default. */
function isImplied([section, key]: readonly string[], value: unknown, hasToken: boolean): boolean {
  if (section === "admin") return hasToken;
  return section === "server" && key === "port" && value === 8000;
}

/** Returns a name for the organization where none is given: the folder's, with a capital letter. */
export function usualOrganization(dir: string): string {
  const name = basename(dir).trim() || "Acme";
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function refuseUnknownServices({ entrypoints, commands }: InitOptions, apps: Readonly<Record<string, string>>): void {
  const unknown = [...Object.keys(entrypoints ?? {}), ...Object.keys(commands ?? {})].find(
    (service) => !Object.hasOwn(apps, service),
  );
  if (unknown === undefined) return;
  const meant = didYouMean(unknown, Object.keys(apps));
  throw new CodedError("GC1001", `${unknown} gets no DSN, so --entrypoint and --command cannot name it${meant}`, {
    remedy: `Add --app ${unknown}=PROJECT.`,
  });
}

function appsNotSaid({ services }: UserProject): CodedError {
  const names = reportersFirst(services);
  return new CodedError("GC1002", "no option says which services get a DSN", {
    remedy: `Add --app ${names[0] ?? "SERVICE"}=PROJECT for each of them (services here: ${names.join(", ") || "none"}), or --no-apps for none.`,
  });
}

const COMMENTS: Readonly<Record<string, string>> = {
  version: "The GlitchTip that you want. After a change: npx glitchtip-compose init, then docker compose up -d --wait",
  server:
    "The image's tag decides the generation. Also: url (what browsers use), topology, valkey, registration, retention.",
  admin: "The superuser. The first up creates its password; to print it: npx glitchtip-compose password",
  organization: "The organization's name, as people see it.",
  production: "HTTPS in front. Also: network and certResolver (proxy: traefik), bodyMegabytes.",
  service:
    "A service that reports drift, and plans by request: docs/service.md. Also: declarations, everySeconds, apply, workers, secrets.",
  engine: "The engine that runs the stack. Also: docker.",
  mail: "How GlitchTip sends mails. Also: from. Try it with: npx glitchtip-compose mail test",
  limits: "Memory limits of GlitchTip's containers. Also: cpus. Another size: npx glitchtip-compose size --help",
  postgres: "Settings of the database, by Postgres's own names.",
  projects: "One project for each program that reports errors. Also: name, platform.",
  apps: "Services of your Compose file that get a DSN. Also: audience, variables, onFailure, entrypoint, command.",
};

/** The comments above the sections of a declaration whose server exists already. */
const EXISTING: Readonly<Record<string, string>> = {
  server: "An existing GlitchTip (`image` would add a new one to this stack). Also: containerUrl, network, ca.",
  admin: "The account that signs in to it.",
};

/** A new glitchtip.yaml, short and with its comments. */
export function newDeclarationText(declaration: NewDeclaration): string {
  const parts = Object.entries(declaration).map(([key, value]) => {
    const open = key === "server" || ((key === "projects" || key === "apps") && Object.keys(value).length > 0);
    const comment = (declaration.server.image === undefined ? EXISTING[key] : undefined) ?? COMMENTS[key];
    return [...(comment === undefined ? [] : [`# ${comment}`]), ...yamlLines(key, value, { open })].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}
