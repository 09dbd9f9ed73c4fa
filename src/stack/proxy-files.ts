import type { Declaration } from "../config/schema.ts";
import type { RenderedFile } from "./model.ts";
import { caddyfile, caddySnippet, nginxSnippet } from "./proxy.ts";

const PROXY_FOLDER = ".glitchtip/proxy";

type Production = NonNullable<Declaration["production"]>;

export const ownCaddyfile = ({ server, admin }: Declaration, production: Production): string =>
  caddyfile(production, (server.url ?? `https://${production.domain}`).replace(/\/$/, ""), admin?.email ?? "");

/** What the proxy reads, ours or the one that is there: by path and text. */
export function proxyFiles(declaration: Declaration): Pick<RenderedFile, "path" | "content">[] {
  const { production, server } = declaration;
  const file = (name: string, content: string) => ({ path: `${PROXY_FOLDER}/${name}`, content });
  if (production === undefined) return [];
  if (production.proxy === "caddy") return [file("Caddyfile", ownCaddyfile(declaration, production))];
  const nginx = file("nginx.conf", nginxSnippet(production, server.port));
  if (production.proxy === "nginx") return [nginx];
  return production.proxy === "none" ? [nginx, file("site.caddy", caddySnippet(production, server.port))] : [];
}
