import { basename } from "node:path";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import type { Declaration } from "../config/schema.ts";
import { DEFAULT_IMAGE } from "../config/server.ts";
import type { UserProject } from "../stack/model.ts";
import type { NewDeclaration } from "./declaration-text.ts";
import { type ExpectedSize, sizedFor } from "./sized.ts";

/** What a person may say to `init`; each has a flag. */
export interface InitOptions {
  /** Project by service. */
  readonly apps?: Readonly<Record<string, string>>;
  readonly email?: string;
  readonly organization?: string;
  readonly port?: number;
  readonly url?: string;
  readonly image?: string;
  readonly topology?: "all-in-one" | "split" | "single-container";
  readonly valkey?: "off" | "bundled";
  readonly registration?: "closed" | "open";
  readonly production?: ProductionOptions;
  /** A GlitchTip that is there already. */
  readonly existing?: ExistingServer;
  /** file:PATH or env:NAME of the mail server's address. */
  readonly emailUrl?: string;
  /** mount, build or image:NAME. */
  readonly provisioner?: string;
  /** By service, where the Compose file does not state them. */
  readonly entrypoints?: Readonly<Record<string, readonly string[]>>;
  readonly commands?: Readonly<Record<string, readonly string[]>>;
  /** How many events are expected, and for how many days they are kept: settles topology, limits and Postgres. */
  readonly size?: ExpectedSize;
  readonly dryRun?: boolean;
}

export interface ExistingServer {
  readonly url: string;
  /** References. */
  readonly token?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly containerUrl?: string;
  readonly network?: string;
}

export interface ProductionOptions {
  readonly domain: string;
  readonly proxy?: string;
  readonly tls?: string;
  /** file:PATH, with `tls` own. */
  readonly certificate?: string;
  readonly key?: string;
}

/** A name for the organization when none is given: the folder's, with a capital. */
const nameOf = (dir: string): string => {
  const name = basename(dir).trim() || "Acme";
  return name.charAt(0).toUpperCase() + name.slice(1);
};

const stated = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;

/** The declaration that the options come to. */
export function newDeclaration(dir: string, options: InitOptions, user: UserProject): NewDeclaration {
  const { apps, entrypoints = {}, commands = {}, image, url, topology, valkey, registration } = options;
  if (apps === undefined) throw noApps(user);
  for (const service of [...Object.keys(entrypoints), ...Object.keys(commands)]) {
    if (!Object.hasOwn(apps, service)) {
      throw new CodedError(
        "GC1001",
        `${service} gets no DSN, so its entrypoint is of no use${didYouMean(service, Object.keys(apps))}`,
        {
          remedy: `Add --app ${service}=PROJECT.`,
        },
      );
    }
  }
  const port = options.port === 8000 ? undefined : options.port;
  // Stated, so that whoever answers for the data sees it.
  const sized = sizedFor(options);
  const retention = sized?.server.retention ?? (options.production === undefined ? undefined : { events: "90d" });
  const { password, ...existing } = options.existing ?? {};
  const email = options.email ?? "admin@example.com";
  return {
    version: 1,
    server: stated(
      options.existing === undefined
        ? {
            image: image ?? DEFAULT_IMAGE,
            url,
            port,
            topology: topology ?? sized?.server.topology,
            valkey,
            registration,
            retention,
          }
        : existing,
    ),
    ...(options.existing?.token === undefined
      ? { admin: { email, ...(password === undefined ? {} : { password }) } }
      : {}),
    organization: options.organization ?? nameOf(dir),
    projects: Object.fromEntries(Object.values(apps).map((project) => [project, { team: "developers" }])),
    apps: Object.fromEntries(
      Object.entries(apps).map(([service, project]) => [
        service,
        { project, ...stated({ entrypoint: entrypoints[service], command: commands[service] }) },
      ]),
    ),
    ...stated({ provisioner: options.provisioner }),
    ...productionOf(options),
    ...(sized === undefined ? {} : { limits: sized.limits, ...stated({ postgres: sized.postgres }) }),
  };
}

/** The keys that the options for production come to. */
export function productionOf({ production, emailUrl }: InitOptions): Pick<NewDeclaration, "production" | "mail"> {
  const { domain, proxy, tls: mode, certificate, key } = production ?? {};
  const tls = stated({ mode, certificate, key });
  return {
    ...(domain === undefined
      ? {}
      : { production: { domain, ...stated({ proxy, tls: Object.keys(tls).length > 0 ? tls : undefined }) } }),
    ...(emailUrl === undefined ? {} : { mail: { url: emailUrl } }),
  };
}

function noApps({ services }: UserProject): CodedError {
  const names = Object.keys(services);
  return new CodedError("GC1002", "it is not said which services get a DSN", {
    remedy: `Type for each of them: --app ${names[0] ?? "SERVICE"}=PROJECT (services here: ${names.join(", ") || "none"})`,
  });
}

/** With a declaration there, options may repeat it but not contradict it: the file is the user's, and it decides. */
export function refuseOtherOptions(declaration: Declaration, options: InitOptions): void {
  const { server, apps } = declaration;
  const said: Record<string, readonly [unknown, unknown]> = {
    organization: [options.organization, declaration.organization],
    "admin.email": [options.email, declaration.admin?.email],
    "server.image": [options.image, server.image],
    "server.url": [options.url ?? options.existing?.url, server.url],
    ...existingOf(options, declaration),
    "server.port": [options.port, server.port],
    "server.topology": [options.topology, server.topology],
    "server.valkey": [options.valkey, server.valkey],
    "server.registration": [options.registration, server.registration],
    provisioner: [options.provisioner, declaration.provisioner],
    "production.domain": [options.production?.domain, declaration.production?.domain],
    "production.proxy": [options.production?.proxy, declaration.production?.proxy],
    "production.tls.mode": [options.production?.tls, declaration.production?.tls.mode],
    "production.tls.certificate": [options.production?.certificate, declaration.production?.tls.certificate],
    "production.tls.key": [options.production?.key, declaration.production?.tls.key],
    "mail.url": [options.emailUrl, declaration.mail?.url],
  };
  for (const [service, project] of Object.entries(options.apps ?? {})) {
    said[`apps.${service}.project`] = [project, apps[service]?.project];
  }
  for (const [service, words] of Object.entries(options.entrypoints ?? {})) {
    said[`apps.${service}.entrypoint`] = [words, apps[service]?.entrypoint];
  }
  for (const [service, words] of Object.entries(options.commands ?? {})) {
    said[`apps.${service}.command`] = [words, apps[service]?.command];
  }
  const problems = Object.entries(said).flatMap(([path, [wanted, found]]) =>
    wanted === undefined || JSON.stringify(wanted) === JSON.stringify(found)
      ? []
      : [
          `${path}: ${JSON.stringify(wanted)} here, ${found === undefined ? "not stated" : JSON.stringify(found)} in glitchtip.yaml`,
        ],
  );
  if (problems.length === 0) return;
  throw new CodedError("GC1001", "glitchtip.yaml is there already and says something else", {
    problems,
    remedy: "Change glitchtip.yaml, then run init without these options.",
  });
}

/** What was said of a server that is there already, beside its address. */
function existingOf({ existing }: InitOptions, { server, admin }: Declaration): Record<string, [unknown, unknown]> {
  return {
    "server.token": [existing?.token, server.token],
    "admin.password": [existing?.password, admin?.password],
    "server.containerUrl": [existing?.containerUrl, server.containerUrl],
    "server.network": [existing?.network, server.network],
    "server.ca": [existing?.ca, server.ca],
  };
}
