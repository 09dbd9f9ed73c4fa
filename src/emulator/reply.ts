/** An HTTP response that has not been written to the socket. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/** Thrown by a handler to answer with the API's error format. */
export class ApiError extends Error {
  readonly reply: Reply;

  constructor(status: number, detail: unknown) {
    super(`answers ${status}`);
    this.reply = json(status, { detail });
  }
}

/** Thrown where Django's database layer raises: the answer is a 500 page, and what was written before stays. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}

const JSON_TYPE = "application/json; charset=utf-8";
const HTML_TYPE = "text/html; charset=utf-8";
const FRAME = { "x-frame-options": "DENY" } as const;

export function json(status: number, value: unknown, headers: Reply["headers"] = {}): Reply {
  return { status, headers: { "content-type": JSON_TYPE, ...FRAME, ...headers }, body: JSON.stringify(value) };
}

/** Returns JSON without a charset, as the views outside of the API's framework do (sign-in, envelopes). */
export function bareJson(status: number, value: unknown, headers: Reply["headers"] = {}): Reply {
  return json(status, value, { "content-type": "application/json", ...headers });
}

export function html(status: number, body: string, headers: Reply["headers"] = {}): Reply {
  return { status, headers: { "content-type": HTML_TYPE, ...FRAME, ...headers }, body };
}

export const noContent = (): Reply => ({ status: 204, headers: { "content-type": JSON_TYPE, ...FRAME }, body: "" });
export const notFound = (): Reply => json(404, { detail: "Not Found" });

const page = (title: string, text: string): string =>
  `<!DOCTYPE html>\n<html lang="en">\n<head>\n  <title>${title}</title>\n</head>\n<body>\n  <h1>${text}</h1>\n</body>\n</html>\n`;

/** The page of GlitchTip's web front end, as on the recorded servers. */
export const frontPage = (): Reply => html(200, "<!doctype html><title>GlitchTip</title>\n");
export const notFoundPage = (): Reply => html(404, page("GlitchTip", "Page not found"));
export const badRequestPage = (): Reply => html(400, page("Bad Request (400)", "Bad Request (400)"));
export const csrfPage = (): Reply => html(403, page("403 Forbidden", "CSRF verification failed."));

export const serverErrorPage = (): Reply =>
  html(
    500,
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n',
  );

export const methodNotAllowed = (allowed: readonly string[]): Reply =>
  html(405, "Method not allowed", { allow: allowed.join(", ") });
