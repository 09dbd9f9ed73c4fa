import { RETENTION_KINDS } from "../glitchtip/versions.ts";
import type { Declaration } from "./schema.ts";
import { type DeclarationProblem, resolveServer } from "./server.ts";

type Production = NonNullable<Declaration["production"]>;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the declaration with the defaults that `production` gives to other keys. */
export function withProductionDefaults(value: unknown): unknown {
  if (!isMap(value) || !isMap(value.production)) return value;
  const { domain } = value.production;
  const server = isMap(value.server) ? value.server : {};
  if (typeof domain !== "string" || (value.server !== undefined && !isMap(value.server))) return value;
  return {
    ...value,
    server: {
      topology: "split",
      url: `https://${domain}`,
      ...server,
    },
    // A broken error tracker must not take an app down.
    onFailure: value.onFailure ?? "start-without-reporting",
  };
}

/** Returns the problems of `production` and `server.retention` that no single field shows. */
export function productionChecks(declaration: Declaration): DeclarationProblem[] {
  const { production } = declaration;
  return [
    ...retentionChecks(declaration),
    ...(production === undefined ? [] : [...addressChecks(declaration, production), ...tlsChecks(production)]),
  ];
}

function retentionChecks({ server }: Declaration): DeclarationProblem[] {
  const found = resolveServer(server).server;
  if (found === undefined) return [];
  const { generation, retentionVariables } = found.capabilities;
  return RETENTION_KINDS.filter((kind) => server.retention?.[kind] !== undefined && !retentionVariables[kind]).map(
    (kind) => ({
      path: ["server", "retention", kind],
      what: `generation ${generation} has no setting for it; ${kind === "files" ? "files are kept as long as events" : "remove it"}`,
    }),
  );
}

function addressChecks({ server }: Declaration, { domain }: Production): DeclarationProblem[] {
  const url = server.url;
  if (url === undefined || !URL.canParse(url)) return [];
  const { protocol, hostname, pathname } = new URL(url);
  if (protocol === "https:" && hostname === domain && pathname === "/") return [];
  const what = `must be https://${domain} (a port may follow), as production.domain says, not ${url}`;
  return [{ path: ["server", "url"], what }];
}

function tlsChecks({ proxy, tls }: Production): DeclarationProblem[] {
  const at = (key: string, what: string): DeclarationProblem => ({ path: ["production", "tls", key], what });
  if (proxy !== "caddy" && (tls.mode !== "auto" || tls.certificate !== undefined || tls.key !== undefined)) {
    return [at("mode", `is for proxy: caddy; with proxy: ${proxy} the certificate is that server's matter`)];
  }
  const files = (["certificate", "key"] as const).map((key) => [key, tls[key]] as const);
  return files.flatMap(([key, path]) => {
    if (tls.mode === "own")
      return path === undefined ? [at(key, "is missing: mode own needs certificate and key")] : [];
    return path === undefined ? [] : [at(key, `is of no use with mode: ${tls.mode}; write mode: own`)];
  });
}
