import { needsProvisioner } from "./given-dsn.ts";
import type { Declaration } from "./schema.ts";
import { type Problem, resolveServer, serverKind } from "./server.ts";

type Server = Declaration["server"];

/** Whether the declaration says all that its server needs, and nothing that is for another kind of server. */
export function serverChecks(declaration: Declaration): Problem[] {
  const kind = serverKind(declaration);
  if (kind === "existing") return existing(declaration);
  const problems = kind === "bundled" ? resolveServer(declaration.server).problems : [];
  return [...problems, ...onlyForExisting(declaration.server)];
}

/** Which keys there have to be depends on others; asked of what was read, so that this is told with the rest. */
export function missingKeys(value: unknown): Problem[] {
  if (!isMap(value)) return [];
  const apps = isMap(value.apps) ? Object.values(value.apps) : [];
  const server = isMap(value.server) ? value.server : {};
  const provisioned = apps.length === 0 || apps.some((app) => !isMap(app) || app.dsn === undefined);
  const ours = server.image !== undefined || value.production !== undefined;
  const bundled = ours || (server.url === undefined && provisioned);
  const wanted = { admin: bundled, organization: provisioned, projects: provisioned };
  return Object.entries(wanted)
    .filter(([key, is]) => is && value[key] === undefined)
    .map(([key]) => ({ path: [key], what: "is missing" }));
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const onlyForExisting = (server: Server): Problem[] =>
  (["token", "containerUrl", "network", "ca"] as const)
    .filter((key) => server[key] !== undefined)
    .map((key) => ({
      path: ["server", key],
      what: "is for a GlitchTip that is there already: state its server.url, and no server.image",
    }));

function existing(declaration: Declaration): Problem[] {
  const { server, admin } = declaration;
  const { url = "", containerUrl = url } = server;
  const problems: Problem[] = foreignKeys(server);
  if (needsProvisioner(declaration)) {
    if (server.token === undefined && admin === undefined) {
      const what = `nothing says how to sign in to ${url}, which is there already: state server.token, or admin with email and password; for a GlitchTip of this stack state server.image`;
      problems.push({ path: ["server"], what });
    }
    if (server.token === undefined && admin !== undefined && admin.password === undefined) {
      const what = `is missing: ${url} is there already, so its password cannot be made; state file:PATH or env:NAME, or server.token, or server.image for a GlitchTip of this stack`;
      problems.push({ path: ["admin", "password"], what });
    }
    if (isLoopback(containerUrl)) {
      const what = `in a container ${containerUrl} is the container itself; state server.containerUrl, such as ${onGateway(containerUrl)}`;
      problems.push({ path: ["server", server.containerUrl === undefined ? "url" : "containerUrl"], what });
    }
  }
  return problems;
}

function foreignKeys({ url, port, topology, database, valkey, registration, retention }: Server): Problem[] {
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
      what: `is for a GlitchTip of this stack, and ${url} is one that is there already; take it away, or state server.image`,
    }));
}

const isLoopback = (url: string): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);

function onGateway(url: string): string {
  const changed = new URL(url);
  changed.hostname = "host.docker.internal";
  return changed.toString().replace(/\/$/, "");
}
