import { didYouMean } from "../base/did-you-mean.ts";
import { SERVER_PORT } from "../glitchtip/versions.ts";
import { hostApps, needsProvisioner } from "./app-sources.ts";
import { dotenvPathProblem } from "./dotenv-path.ts";
import { hasAudience, namesOf } from "./framework-presets.ts";
import { isLoopback, onGateway } from "./loopback.ts";
import { postgresChecks } from "./postgres.ts";
import { productionChecks } from "./production.ts";
import type { AppDeclaration, Declaration } from "./schema.ts";
import { type DeclarationProblem, resolveServer, type ServerKind, serverKind } from "./server.ts";

/** Compose's rule for the names of services. */
const SERVICE_NAME = /^[a-zA-Z0-9._-]+$/;

/** Returns the problems that no single field shows: unknown names, duplicates, and combinations that cannot run. */
export function stackChecks(declaration: Declaration): DeclarationProblem[] {
  return [
    ...serverChecks(declaration),
    ...productionChecks(declaration),
    ...postgresChecks(declaration),
    ...careChecks(declaration),
    ...reconcileServiceChecks(declaration),
    ...projectNameChecks(declaration),
    ...dotenvChecks(declaration),
    ...Object.entries(declaration.apps).flatMap(([service, app]) =>
      appChecks(service, app, declaration).map(({ path, ...problem }) => ({
        ...problem,
        path: ["apps", service, ...path],
      })),
    ),
  ];
}

function projectNameChecks({ projects }: Declaration): DeclarationProblem[] {
  const keyOf = new Map<string, string>();
  return Object.entries(projects).flatMap(([key, { name = key }]) => {
    const other = keyOf.get(name);
    keyOf.set(name, other ?? key);
    // GlitchTip would give them the slugs shop and shop-2, and nobody could tell which is which (recording projects).
    return other === undefined
      ? []
      : [{ path: ["projects", key], what: `"${other}" and "${key}" have the same name, "${name}"` }];
  });
}

/** Returns the problems of one app, their paths from the app on. */
function appChecks(service: string, app: AppDeclaration, declaration: Declaration): DeclarationProblem[] {
  return [
    ...(SERVICE_NAME.test(service) ? [] : [{ path: [], what: `"${service}" cannot be the name of a service` }]),
    ...sourceChecks(app, declaration),
    ...injectChecks(app, serverKind(declaration)),
    ...variableChecks(app),
    ...hostChecks(app),
  ];
}

/** Keys that are about a service's container. */
const CONTAINER_KEYS = ["dsn", "entrypoint", "command", "onFailure"] as const;

function hostChecks(app: AppDeclaration): DeclarationProblem[] {
  const { host, dotenv, inject } = app;
  if (!host)
    return dotenv === undefined
      ? []
      : [{ path: ["dotenv"], what: "is for a program on this machine, which has host: true" }];
  const others = [
    ...CONTAINER_KEYS.filter((key) => app[key] !== undefined),
    ...(inject === "entrypoint" ? [] : ["inject"]),
  ];
  const unfilled = (["environment", "release"] as const).filter((key) => app[key]?.includes("$"));
  const unfit =
    dotenv === undefined
      ? "is missing: the file from which the program reads its DSN, such as .env.local"
      : dotenvPathProblem(dotenv);
  return [
    ...(unfit === undefined ? [] : [{ path: ["dotenv"], what: unfit }]),
    ...others.map((key) => ({
      path: [key],
      what: "is for a service of Compose, and host: true is a program outside of it",
    })),
    ...unfilled.map((key) => ({ path: [key], what: "holds a variable, which only Compose fills in" })),
  ];
}

/** Each variable of a dotenv file belongs to one app. */
function dotenvChecks(declaration: Declaration): DeclarationProblem[] {
  const owner = new Map<string, string>();
  return Object.entries(hostApps(declaration)).flatMap(([app, declared]) =>
    namesOf(declared).flatMap((name) => {
      const key = `${declared.dotenv}\n${name}`;
      const other = owner.get(key);
      owner.set(key, other ?? app);
      return other === undefined
        ? []
        : [{ path: ["apps", app, "dotenv"], what: `${other} has ${name} in ${declared.dotenv} already` }];
    }),
  );
}

/** An app has the DSN of a project or an external one. */
function sourceChecks({ project, dsn }: AppDeclaration, { projects }: Declaration): DeclarationProblem[] {
  const problem = (what: string) => [{ path: ["project"], what }];
  if (project === undefined) return dsn === undefined ? problem("is missing") : [];
  if (dsn !== undefined) {
    return problem("the app has a DSN of its own, so it gets none from a project: remove one of the two");
  }
  if (Object.hasOwn(projects, project)) return [];
  return problem(`there is no project "${project}"${didYouMean(project, Object.keys(projects))}`);
}

function injectChecks({ dsn, inject, onFailure }: AppDeclaration, kind: ServerKind): DeclarationProblem[] {
  const problems: DeclarationProblem[] = [];
  if (dsn !== undefined && inject !== "entrypoint") {
    problems.push({
      path: ["inject"],
      what: "does not apply to an app with a DSN of its own, which gets it as an environment variable",
    });
  }
  if (inject === "provider" && kind !== "existing") {
    problems.push({
      path: ["inject"],
      what: "Compose calls a provider before it starts anything, so it can only ask a GlitchTip that runs already: state server.url without server.image",
    });
  }
  if (inject === "env-file" && onFailure === "block") {
    problems.push({
      path: ["onFailure"],
      what: "an env-file cannot hold an app back: Compose starts it without a DSN as long as there is none",
    });
  }
  return problems;
}

function variableChecks({ variables }: AppDeclaration): DeclarationProblem[] {
  if (!Array.isArray(variables)) return [];
  return variables.flatMap((name, i) =>
    variables.indexOf(name) === i ? [] : [{ path: ["variables", i], what: `"${name}" is there twice` }],
  );
}

type Server = Declaration["server"];

/** Whether the declaration says all that its server needs, and nothing that is for another kind of server. */
function serverChecks(declaration: Declaration): DeclarationProblem[] {
  const kind = serverKind(declaration);
  if (kind === "existing") return existingServerChecks(declaration);
  const problems = kind === "bundled" ? resolveServer(declaration.server).problems : [];
  return [...problems, ...onlyForExisting(declaration.server)];
}

/**
 * Returns the keys that are missing at the top. Which ones are required depends on others, so the schema cannot say; the
 * input is asked, so that they are told together with the schema's problems.
 */
export function missingKeys(value: unknown): DeclarationProblem[] {
  if (!isMap(value)) return [];
  const apps = isMap(value.apps) ? Object.values(value.apps) : [];
  const server = isMap(value.server) ? value.server : {};
  const provisioned = apps.length === 0 || apps.some((app) => !isMap(app) || app.dsn === undefined);
  const isBundled = server.image !== undefined || value.production !== undefined;
  const needsAdmin = isBundled || (server.url === undefined && provisioned);
  const wanted = { admin: needsAdmin, organization: provisioned, projects: provisioned };
  return Object.entries(wanted)
    .filter(([key, is]) => is && value[key] === undefined)
    .map(([key]) => ({ path: [key], what: "is missing" }));
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const onlyForExisting = (server: Server): DeclarationProblem[] =>
  (["token", "containerUrl", "network", "ca"] as const)
    .filter((key) => server[key] !== undefined)
    .map((key) => ({
      path: ["server", key],
      what: "is for an existing GlitchTip: state its server.url, and no server.image",
    }));

function existingServerChecks(declaration: Declaration): DeclarationProblem[] {
  const { server } = declaration;
  const problems = onlyForBundled(server);
  return needsProvisioner(declaration)
    ? [...problems, ...signInChecks(declaration), ...addressChecks(declaration)]
    : problems;
}

function signInChecks({ server: { token, url = "" }, admin }: Declaration): DeclarationProblem[] {
  if (token !== undefined || admin?.password !== undefined) return [];
  if (admin === undefined) {
    const what = `nothing says how to sign in to ${url}, an existing server: state server.token, or admin with email and password; for a GlitchTip of this stack state server.image`;
    return [{ path: ["server"], what }];
  }
  const what = `is missing: ${url} already exists, so its password cannot be generated; state file:PATH or env:NAME, or server.token, or server.image for a GlitchTip of this stack`;
  return [{ path: ["admin", "password"], what }];
}

/** The port of a stack of ours is published on 127.0.0.1 only, which containers do not reach by way of the host. */
const otherStack = `for a GlitchTip of another glitchtip-compose stack state server.containerUrl: http://glitchtip:${SERVER_PORT} and server.network, its network in docker network ls, such as errors_glitchtip`;

/** A loopback address is the container itself for an app in one; the provisioner's reaches the host by its gateway. */
function addressChecks({ server: { url = "", containerUrl }, apps }: Declaration): DeclarationProblem[] {
  const address = containerUrl ?? url;
  const isAsked = containerUrl !== undefined || Object.values(apps).some((app) => hasAudience(app, "container"));
  if (!isAsked || !isLoopback(address)) return [];
  const what = `in a container ${address} is the container itself; state server.containerUrl, such as ${onGateway(address)}; ${otherStack}`;
  return [{ path: ["server", containerUrl === undefined ? "url" : "containerUrl"], what }];
}

function onlyForBundled({
  url,
  port,
  topology,
  database,
  valkey,
  registration,
  retention,
}: Server): DeclarationProblem[] {
  const stated = {
    port: port !== 8000,
    topology: topology !== undefined,
    database: database !== "bundled",
    valkey: valkey !== undefined,
    registration: registration !== "closed",
    retention: retention !== undefined,
  };
  return Object.entries(stated)
    .filter(([, is]) => is)
    .map(([key]) => ({
      path: ["server", key],
      what: `is for a GlitchTip of this stack, and ${url} is an existing one; remove this key, or state server.image`,
    }));
}

/** Whether the stack has the service that watches it, which `notify` alone needs, too. */
export const hasCare = (declaration: Declaration): boolean =>
  declaration.care !== undefined || (declaration.notify?.length ?? 0) > 0;

function reconcileServiceChecks(declaration: Declaration): DeclarationProblem[] {
  if (declaration.service === undefined || serverKind(declaration) === "bundled") return [];
  const what = "is a part of a stack with a GlitchTip of its own; for others run it by hand: docs/service.md";
  return [{ path: ["service"], what, atKey: true }];
}

function careChecks(declaration: Declaration): DeclarationProblem[] {
  const { care, notify = [] } = declaration;
  const names = notify.map(({ name, type }) => name ?? type);
  return [
    ...(hasCare(declaration) && serverKind(declaration) !== "bundled"
      ? [
          {
            path: [care === undefined ? "notify" : "care"],
            what: "is for the GlitchTip of this stack; an existing one is watched where it runs",
            atKey: true,
          },
        ]
      : []),
    ...names.flatMap((name, i) =>
      names.indexOf(name) === i
        ? []
        : [{ path: ["notify", i, "name"], what: `"${name}" is there twice; give this one another name` }],
    ),
    ...notify.flatMap(({ type, secret }, i) =>
      type === "slack" && secret !== undefined
        ? [{ path: ["notify", i, "secret"], what: "is of no use to Slack, whose address is the secret" }]
        : [],
    ),
  ];
}
