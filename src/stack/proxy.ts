import type { UserProject } from "../compose/model.ts";
import type { Declaration } from "../config/schema.ts";
import { SERVER_PORT } from "../glitchtip/versions.ts";
import { MADE_BY_US, managed } from "./managed-files.ts";
import type { RenderedFile } from "./model.ts";
import { type ProxyContainer, proxyContainer } from "./proxy-container.ts";
import { SERVER } from "./service-names.ts";

type Production = NonNullable<Declaration["production"]>;

/** The paths that take events, and those that take source maps and debug files. Each has its own limit of the body's size. */
const ENVELOPES = "[0-9]+/(envelope|store|security|minidump)";
const UPLOADS = "0/.+/(chunk-upload|files|files/dsyms)";

/** GlitchTip's own values stay, except that of the first header: only the proxy knows that it speaks HTTPS. */
const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["Strict-Transport-Security", "max-age=31536000"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  ["Referrer-Policy", "strict-origin-when-cross-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=()"],
];
export const SECURITY_HEADERS: readonly string[] = HEADERS.map(([name]) => name);

/** Mail addresses for which Let's Encrypt refuses an account. */
const RESERVED = /@(.*\.)?(example\.(com|net|org)|example|test|invalid|localhost|local)$/i;

/** GlitchTip's address for a container in a network with it. */
const BESIDE = `${SERVER}:${SERVER_PORT}`;

const block = (head: string, lines: readonly string[]): string[] => [
  `${head} {`,
  ...lines.map((line) => `\t${line}`),
  "}",
];

const site = ({ bodyMegabytes, tls }: Production, upstream: string): string[] => [
  ...(tls.mode === "internal" ? ["tls internal"] : []),
  ...(tls.mode === "own" ? ["tls /run/secrets/glitchtip_tls_certificate /run/secrets/glitchtip_tls_key"] : []),
  ...limited("envelope", `path_regexp ^/api/${ENVELOPES}/?$`, bodyMegabytes.envelope),
  ...limited("upload", `path_regexp ^/api/${UPLOADS}/?$`, bodyMegabytes.upload),
  ...limited("other", `not path_regexp ^/api/(${ENVELOPES}|${UPLOADS})/?$`, bodyMegabytes.other),
  "header -Server",
  "header -Via",
  // One directive each: Caddy takes several `?` in one block for one condition.
  ...HEADERS.map(([name, value], i) => `header ${i === 0 ? "" : "?"}${name} "${value}"`),
  `reverse_proxy ${upstream}`,
];

/**
 * Refuses a larger body of some paths: by its stated length before anything is sent on, because GlitchTip answers some
 * requests without reading their body (run on 5.2), and by what is read where no length is stated.
 */
const limited = (name: string, paths: string, megabytes: number): string[] => [
  `@${name} ${paths}`,
  ...block(`@${name}_too_large`, [paths, `header_regexp Content-Length ${contentLengthFrom(megabytes)}`]),
  `respond @${name}_too_large "The body has more than ${megabytes} MB." 413 {`,
  "\tclose",
  "}",
  ...block(`request_body @${name}`, [`max_size ${megabytes}MB`]),
];

/** Returns a regular expression that matches the lengths above a number of megabytes, and that number itself. */
export function contentLengthFrom(megabytes: number): string {
  const digits = [...String(megabytes)];
  const greater = digits.flatMap((digit, at) => {
    const rest = digits.length - at - 1;
    return digit === "9" ? [] : [`${digits.slice(0, at).join("")}[${Number(digit) + 1}-9]${"[0-9]".repeat(rest)}`];
  });
  const longer = `[1-9]${"[0-9]".repeat(digits.length)}[0-9]*`;
  // No quantifiers in braces, which a Caddyfile may take for placeholders.
  return `^0*(${[megabytes, ...greater, longer].join("|")})${"[0-9]".repeat(6)}$`;
}

/** Nobody holds a connection for ever. The largest body (100 MB by default) takes two minutes at 7 Mbit/s. */
const TIMEOUTS = { header: "10s", body: "2m", idle: "2m" };

const SERVER_OPTIONS = [
  "protocols h1 h2",
  "timeouts {",
  `\tread_header ${TIMEOUTS.header}`,
  `\tread_body ${TIMEOUTS.body}`,
  `\tidle ${TIMEOUTS.idle}`,
  "}",
  "max_header_size 32KB",
];

const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

/** The Caddyfile answers no other name than the domain, and redirects `http` to `https`. */
function caddyfile(production: Production, publicUrl: string, email: string): string {
  const { domain, tls } = production;
  const account = tls.mode === "auto" && !RESERVED.test(email) ? [`email ${email}`] : [];
  return text([
    MADE_BY_US,
    ...block("", ["admin off", "skip_install_trust", ...account, ...block("servers", SERVER_OPTIONS)]),
    "",
    "# The health check's.",
    ...block("http://127.0.0.1:2020", ["bind 127.0.0.1", "respond ok"]),
    "",
    ...block(`http://${domain}`, [`redir ${publicUrl}{uri} 308`]),
    "",
    ...block("http://", ["abort"]),
    "",
    ...block(`https://${domain}`, site(production, BESIDE)),
  ]).replace(/^ \{$/m, "{");
}

const onHost = (port: number): string => `127.0.0.1:${port}`;

/** Returns a site for a Caddy that the user runs, on the host or in a container of the same Compose project. */
const caddySnippet = (production: Production, port: number, container: ProxyContainer | undefined): string =>
  text([
    ...(container === undefined
      ? ["# For a Caddy of your own on this host: import this file. The port is GLITCHTIP_PORT in .env. Set timeouts"]
      : [
          `# For a Caddy in your service ${container.service}: mount this file, and import it in your Caddyfile. Set timeouts`,
        ]),
    "# in your global options: servers { timeouts { read_header 10s read_body 2m idle 2m } }.",
    ...block(production.domain, site(production, container === undefined ? onHost(port) : BESIDE)),
  ]);

/** An SDK sends one event at a time; many of them may be behind one address. */
const CONNECTIONS_OF_ONE_CLIENT = 100;

/** Returns the servers for an nginx that the user runs, on the host or in a container of the same Compose project. */
function nginxSnippet(
  { domain, bodyMegabytes }: Production,
  port: number,
  container: ProxyContainer | undefined,
): string {
  const upstream = container === undefined ? `http://${onHost(port)}` : "$glitchtip";
  const location = (pattern: string, megabytes: number) =>
    block(`location ~ ^/api/${pattern}/?$`, [`client_max_body_size ${megabytes}m;`, `proxy_pass ${upstream};`]);
  return text([
    container === undefined
      ? "# For an nginx of your own on this host, in its http block. The port is GLITCHTIP_PORT in .env."
      : `# For an nginx in your service ${container.service}: mount this file into /etc/nginx/conf.d.`,
    "limit_conn_zone $binary_remote_addr zone=glitchtip_clients:1m;",
    "",
    ...block("server", ["listen 80;", `server_name ${domain};`, `return 308 https://${domain}$request_uri;`]),
    "",
    ...block("server", [
      "listen 443 ssl;",
      `server_name ${domain};`,
      "# The certificate's files; these are certbot's paths.",
      `ssl_certificate /etc/letsencrypt/live/${domain}/fullchain.pem;`,
      `ssl_certificate_key /etc/letsencrypt/live/${domain}/privkey.pem;`,
      "server_tokens off;",
      "# Limits how long a client can hold a connection. nginx counts the time between two pieces of a body.",
      `client_header_timeout ${TIMEOUTS.header};`,
      "client_body_timeout 30s;",
      `keepalive_timeout ${TIMEOUTS.idle};`,
      "# Limits the connections of one client: nginx has some 500 to 800 in all. SDKs wait after a 429.",
      `limit_conn glitchtip_clients ${CONNECTIONS_OF_ONE_CLIENT};`,
      "limit_conn_status 429;",
      "large_client_header_buffers 4 16k;",
      `client_max_body_size ${bodyMegabytes.other}m;`,
      ...HEADERS.map(([name, value]) => `add_header ${name} "${value}" always;`),
      "proxy_set_header Host $host;",
      "proxy_set_header X-Real-IP $remote_addr;",
      "proxy_set_header X-Forwarded-For $remote_addr;",
      "proxy_set_header X-Forwarded-Proto https;",
      // Otherwise each header would be sent twice.
      ...HEADERS.map(([name]) => `proxy_hide_header ${name};`),
      ...(container === undefined
        ? []
        : [
            "# Docker's DNS. A name in a variable is resolved for each request, so nginx starts without GlitchTip, too.",
            "resolver 127.0.0.11 valid=10s ipv6=off;",
            `set $glitchtip http://${BESIDE};`,
          ]),
      ...location(ENVELOPES, bodyMegabytes.envelope),
      ...location(UPLOADS, bodyMegabytes.upload),
      ...block("location /", [`proxy_pass ${upstream};`]),
    ]),
  ]);
}

const PROXY_FOLDER = ".glitchtip/proxy";

/** Returns the Caddyfile of the stack's own Caddy. */
export const ownCaddyfile = ({ server, admin }: Declaration, production: Production): string =>
  caddyfile(production, (server.url ?? `https://${production.domain}`).replace(/\/$/, ""), admin?.email ?? "");

/** Returns the files for the proxy in front of GlitchTip, the stack's own or the user's. */
export function proxyFiles(declaration: Declaration, user: Pick<UserProject, "services">): RenderedFile[] {
  const { production, server } = declaration;
  const file = (name: string, content: string) => managed(`${PROXY_FOLDER}/${name}`, content);
  if (production === undefined) return [];
  if (production.proxy === "caddy") return [file("Caddyfile", ownCaddyfile(declaration, production))];
  const container = proxyContainer(declaration, user);
  const nginx = file("nginx.conf", nginxSnippet(production, server.port, container));
  if (production.proxy === "nginx") return [nginx];
  return production.proxy === "none"
    ? [nginx, file("site.caddy", caddySnippet(production, server.port, container))]
    : [];
}

/** Returns labels for a Traefik that the user runs. Traefik sends no requests to a container that is not healthy. */
export function traefikLabels({
  domain,
  network,
  entrypoint,
  certResolver,
  bodyMegabytes,
}: Production): Record<string, string> {
  // Traefik knows one router by a name, whatever stack it is of; a domain belongs to one stack.
  const base = `glitchtip-${domain.replaceAll(".", "_")}`;
  const router = (name: string, rule: string, priority: number, megabytes: number) => ({
    [`traefik.http.routers.${name}.rule`]: rule,
    [`traefik.http.routers.${name}.priority`]: String(priority),
    [`traefik.http.routers.${name}.entrypoints`]: entrypoint,
    [`traefik.http.routers.${name}.tls`]: "true",
    ...(certResolver === undefined ? {} : { [`traefik.http.routers.${name}.tls.certresolver`]: certResolver }),
    [`traefik.http.routers.${name}.service`]: base,
    [`traefik.http.routers.${name}.middlewares`]: `${name}-size,${base}-headers`,
    [`traefik.http.middlewares.${name}-size.buffering.maxRequestBodyBytes`]: String(megabytes * 1_000_000),
  });
  const host = `Host(\`${domain}\`)`;
  const path = (pattern: string) => `${host} && PathRegexp(\`^/api/${pattern}/?$$\`)`;
  return {
    "traefik.enable": "true",
    "traefik.docker.network": network,
    [`traefik.http.services.${base}.loadbalancer.server.port`]: String(SERVER_PORT),
    ...router(base, host, 1, bodyMegabytes.other),
    ...router(`${base}-upload`, path(UPLOADS), 2, bodyMegabytes.upload),
    ...router(`${base}-envelope`, path(ENVELOPES), 3, bodyMegabytes.envelope),
    ...Object.fromEntries(
      HEADERS.map(([name, value]) => [
        `traefik.http.middlewares.${base}-headers.headers.customResponseHeaders.${name}`,
        value,
      ]),
    ),
  };
}
