/** The parts of a DSN that the server decides; the rest is the address where its audience reaches the server. */
export interface DsnParts {
  /** The public key: a UUID, with or without dashes. */
  readonly key: string;
  readonly projectId: string;
}

/**
 * Returns scheme://key@host[:port][/path]/projectId for the base URL of one audience. The server's own DSN is not used,
 * because its host is GLITCHTIP_DOMAIN, which is right for browsers only (keys scenario).
 */
export function composeDsn(baseUrl: string, { key, projectId }: DsnParts): string {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.protocol}//${key.replaceAll("-", "")}@${url.host}${path}/${projectId}`;
}

/** Returns the parts of a DSN, or undefined for another text. */
export function parseDsn(dsn: string): (DsnParts & { readonly baseUrl: string }) | undefined {
  if (!URL.canParse(dsn)) return undefined;
  const url = new URL(dsn);
  const path = url.pathname.split("/").filter((part) => part !== "");
  const projectId = path.pop();
  if (!/^https?:$/.test(url.protocol) || url.username === "" || projectId === undefined) return undefined;
  const prefix = path.length === 0 ? "" : `/${path.join("/")}`;
  return { key: url.username, projectId, baseUrl: `${url.protocol}//${url.host}${prefix}` };
}
