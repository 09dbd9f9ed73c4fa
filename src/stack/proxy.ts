import type { Declaration } from "../config/schema.ts";
import { SERVER_PORT } from "../glitchtip/versions.ts";
import { MADE_BY_US } from "./header.ts";

type Production = NonNullable<Declaration["production"]>;

/** Where events come in, and where source maps and debug files do: each with its own limit of a request's size. */
export const ENVELOPES = "[0-9]+/(envelope|store|security|minidump)";
export const UPLOADS = "0/.+/(chunk-upload|files|files/dsyms)";

/** What GlitchTip sends itself stays as it sends it, but for the first: only the proxy knows that it speaks HTTPS. */
export const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["Strict-Transport-Security", "max-age=31536000"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  ["Referrer-Policy", "strict-origin-when-cross-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=()"],
];
export const SECURITY_HEADERS: readonly string[] = HEADERS.map(([name]) => name);

/** An address at which Let's Encrypt would take nobody: it refuses the account. */
const RESERVED = /@(.*\.)?(example\.(com|net|org)|example|test|invalid|localhost|local)$/i;

const site = ({ bodyMegabytes, tls }: Production, upstream: string): string[] => [
  ...(tls.mode === "internal" ? ["tls internal"] : []),
  ...(tls.mode === "own" ? ["tls /run/secrets/glitchtip_tls_certificate /run/secrets/glitchtip_tls_key"] : []),
  `@envelope path_regexp ^/api/${ENVELOPES}/?$`,
  `@upload path_regexp ^/api/${UPLOADS}/?$`,
  `@other not path_regexp ^/api/(${ENVELOPES}|${UPLOADS})/?$`,
  `request_body @envelope {`,
  `\tmax_size ${bodyMegabytes.envelope}MB`,
  "}",
  "request_body @upload {",
  `\tmax_size ${bodyMegabytes.upload}MB`,
  "}",
  "request_body @other {",
  `\tmax_size ${bodyMegabytes.other}MB`,
  "}",
  "header -Server",
  "header -Via",
  // Each on its own: several `?` in one block count as one condition.
  ...HEADERS.map(([name, value], i) => `header ${i === 0 ? "" : "?"}${name} "${value}"`),
  `reverse_proxy ${upstream}`,
];

const block = (head: string, lines: readonly string[]): string[] => [
  `${head} {`,
  ...lines.map((line) => `\t${line}`),
  "}",
];

const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

/** For our own Caddy. Other names than the domain get no answer, and `http` leads to `https` with the published port. */
export function caddyfile(production: Production, publicUrl: string, email: string): string {
  const { domain, tls } = production;
  const account = tls.mode === "auto" && !RESERVED.test(email) ? [`email ${email}`] : [];
  return text([
    MADE_BY_US,
    ...block("", ["admin off", "skip_install_trust", ...account, ...block("servers", ["protocols h1 h2"])]),
    "",
    "# The health check's.",
    ...block("http://127.0.0.1:2020", ["bind 127.0.0.1", "respond ok"]),
    "",
    ...block(`http://${domain}`, [`redir ${publicUrl}{uri} 308`]),
    "",
    ...block("http://", ["abort"]),
    "",
    ...block(`https://${domain}`, site(production, `glitchtip:${SERVER_PORT}`)),
  ]).replace(/^ \{$/m, "{");
}

/** For a Caddy that is on the host already: a site to import. */
export const caddySnippet = (production: Production, port: number): string =>
  text([
    "# For a Caddy of your own on this host: import this file. The port is GLITCHTIP_PORT in .env.",
    ...block(production.domain, site(production, `127.0.0.1:${port}`)),
  ]);

/** For an nginx that is on the host already. */
export function nginxSnippet({ domain, bodyMegabytes }: Production, port: number): string {
  const location = (pattern: string, megabytes: number) =>
    block(`location ~ ^/api/${pattern}/?$`, [
      `client_max_body_size ${megabytes}m;`,
      `proxy_pass http://127.0.0.1:${port};`,
    ]);
  return text([
    "# For an nginx of your own on this host, in its http block. The port is GLITCHTIP_PORT in .env.",
    ...block("server", ["listen 80;", `server_name ${domain};`, `return 308 https://${domain}$request_uri;`]),
    "",
    ...block("server", [
      "listen 443 ssl;",
      `server_name ${domain};`,
      "# Where your certificate is; these are certbot's places.",
      `ssl_certificate /etc/letsencrypt/live/${domain}/fullchain.pem;`,
      `ssl_certificate_key /etc/letsencrypt/live/${domain}/privkey.pem;`,
      "server_tokens off;",
      `client_max_body_size ${bodyMegabytes.other}m;`,
      ...HEADERS.map(([name, value]) => `add_header ${name} "${value}" always;`),
      "proxy_set_header Host $host;",
      "proxy_set_header X-Real-IP $remote_addr;",
      "proxy_set_header X-Forwarded-For $remote_addr;",
      "proxy_set_header X-Forwarded-Proto https;",
      // Several headers of one name would be two answers to one question.
      ...HEADERS.map(([name]) => `proxy_hide_header ${name};`),
      ...location(ENVELOPES, bodyMegabytes.envelope),
      ...location(UPLOADS, bodyMegabytes.upload),
      ...block("location /", [`proxy_pass http://127.0.0.1:${port};`]),
    ]),
  ]);
}
