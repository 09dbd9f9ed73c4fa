import { cleanLine } from "../base/clean.ts";
import { defined } from "../base/defined.ts";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import type { HttpAnswer } from "../http/http.ts";
import { type HttpMethod, retryAfterMs } from "../http/http.ts";
import type { Shape } from "./wire/shape.ts";

/** The error for an answer that is unusable or a refusal. */
export class AnswerError extends CodedError {
  readonly status: number;
  /** The server's own message as one line. */
  readonly said: string;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    status: number,
    message: string,
    detail: { said: string; remedy?: string; retryAfterMs?: number | undefined },
  ) {
    super(code, message, defined({ remedy: detail.remedy }));
    this.status = status;
    this.said = detail.said;
    this.retryAfterMs = detail.retryAfterMs;
  }
}

interface Refusal {
  readonly code: ErrorCode;
  readonly remedy?: string;
}

const NOT_KNOWN: Refusal = {
  code: "GC1304",
  remedy:
    "The server does not know this token. Put another one where server.token points (GlitchTip: Profile, Auth Tokens). The next run replaces a token that it created itself.",
};
const NOT_THE_API: Refusal = {
  code: "GC1206",
  remedy:
    "A web page refused the request, not the API. Check the server's URL (https or http, host), and any proxy in between.",
};
const SERVER_FAILED: Refusal = { code: "GC1205", remedy: "See the server's log: docker compose logs glitchtip" };

const BY_STATUS: Readonly<Record<number, Refusal>> = {
  401: NOT_KNOWN,
  403: {
    code: "GC1305",
    remedy:
      "A token needs the scope for this request (org, team, project, member, event: read, write or admin), and its account needs the role.",
  },
  404: {
    code: "GC1209",
    remedy: "What the request names may have been deleted in the meantime; run the command again.",
  },
  409: { code: "GC1210", remedy: "Look at it in GlitchTip's pages, then run the command again." },
  429: { code: "GC1207", remedy: "Wait, then run the command again." },
};

const SHOWN_PLACES = 3;

/** Returns the JSON of an answer in the given shape. Throws AnswerError with method, URL, status and the server's message. */
export function readAnswer<T>(method: HttpMethod, url: string, answer: HttpAnswer, shape: Shape<T>): T {
  refuse(method, url, answer);
  const parsed = parseJson(method, url, answer);
  const result = shape.safeParse(parsed);
  if (result.success) return result.data;
  const places = result.error.issues.map((issue) => issue.path.join(".") || "(root)");
  const more = places.length > SHOWN_PLACES ? ` and ${places.length - SHOWN_PLACES} more` : "";
  const at = places.slice(0, SHOWN_PLACES).join(", ") + more;
  throw new AnswerError("GC1202", answer.status, `${method} ${url}: the answer lacks or mistypes ${at}`, {
    said: "",
    remedy: "Is this a GlitchTip of a known generation? See docs/generations.md",
  });
}

/** Throws AnswerError for every status that is not a success. */
export function refuse(method: HttpMethod, url: string, answer: HttpAnswer): void {
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  const what = `${method} ${url}: ${status}`;
  const said = serverWords(answer);
  if (status >= 300 && status < 400) {
    throw new AnswerError("GC1204", status, `${what}, a redirect to ${String(answer.headers.location ?? "nowhere")}`, {
      said,
      remedy: "Use the address it leads to as the server's URL: https instead of http, or another host.",
    });
  }
  const { code, ...remedy } = refusalOf(answer, said);
  throw new AnswerError(code, status, said === "" ? what : `${what} ${said}`, {
    said,
    ...remedy,
    retryAfterMs: retryAfterMs(answer),
  });
}

function refusalOf(answer: HttpAnswer, said: string): Refusal {
  const { status } = answer;
  // For an unknown token the server tries the cookie session, whose CSRF check refuses a write first (5.2's source).
  if (status === 403 && said.startsWith("CSRF")) return NOT_KNOWN;
  // The page of Django's CSRF check at the sign-in (sign-in scenario), or a proxy's page: no permission corrects it.
  if (status === 403 && !isJson(answer)) return NOT_THE_API;
  return BY_STATUS[status] ?? (status >= 500 ? SERVER_FAILED : { code: "GC1206" });
}

const typeOf = ({ headers }: HttpAnswer): string => String(headers["content-type"] ?? "");
const isJson = (answer: HttpAnswer): boolean => /\bjson\b/.test(typeOf(answer));

function parseJson(method: HttpMethod, url: string, answer: HttpAnswer): unknown {
  if (!isJson(answer)) {
    // 5.x answers some unknown paths with its web page and 200 (readiness scenario).
    throw new AnswerError(
      "GC1202",
      answer.status,
      `${method} ${url}: ${answer.status} with ${typeOf(answer) || "no content type"} instead of JSON`,
      {
        said: serverWords(answer),
        remedy: "Is this GlitchTip's address and port? Something else may answer there.",
      },
    );
  }
  try {
    return JSON.parse(answer.text);
  } catch {
    const what = `${method} ${url}: the answer is no whole JSON (${answer.text.length} characters)`;
    const remedy = "See the server's log, and any proxy in between.";
    throw new AnswerError("GC1208", answer.status, what, { said: "", remedy });
  }
}

/** Returns the message of an answer, or the title of a page, as one line of at most 200 characters. */
export function serverWords({ text }: HttpAnswer): string {
  try {
    return line(wordsOf(JSON.parse(text)));
  } catch {
    const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1];
    return line(title === undefined ? text : `page "${title.trim()}"`);
  }
}

/** Reads `detail`, a text or a list of problems with their place (errors scenario), or `errors` of the sign-in. */
function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join("; ");
  if (typeof value !== "object" || value === null) return String(value);
  if ("detail" in value) return wordsOf(value.detail);
  if ("errors" in value) return wordsOf(value.errors);
  if ("message" in value) return wordsOf(value.message);
  if (!("msg" in value)) return JSON.stringify(value);
  const at = "loc" in value && Array.isArray(value.loc) ? `${value.loc.at(-1)}: ` : "";
  return at + wordsOf(value.msg);
}

const line = (text: string): string => cleanLine(text.replace(/\s+/g, " ").trim(), 200);
