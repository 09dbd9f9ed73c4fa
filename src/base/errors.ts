import { cleanLine, cleanText } from "./clean.ts";
import { defined } from "./defined.ts";

/**
 * Every expected failure has one stable code. The table is the source of docs/errors.md.
 * GC10 usage · GC11 declaration and files of the project · GC12 reaching a server · GC13 signing in ·
 * GC14 provisioning · GC15 files and volumes · GC16 the engine · GC17 Vault · GC18 backups and upgrades · GC19 everything else ·
 * GC20 the reconcile service.
 */
export const ERROR_CODES = {
  GC1001: "wrong usage",
  GC1002: "a question has no answer because there is no terminal",
  GC1003: "interrupted",
  GC1101: "the declaration has mistakes",
  GC1102: "the declaration cannot be read",
  GC1103: "a Compose file cannot be read",
  GC1104: "no such service",
  GC1105: "a managed file was edited",
  GC1106: "entrypoint or command of a service is not known",
  GC1107: "a secret cannot be read",
  GC1108: "this folder has no declaration",
  GC1109: "the Compose file and ours do not fit together",
  GC1110: "the .env file cannot be used",
  GC1111: "this machine, a certificate or a secret is not fit for production",
  GC1201: "the server cannot be reached",
  GC1202: "the server answered something that is not GlitchTip's API",
  GC1203: "the server was not ready in time",
  GC1204: "the server redirects",
  GC1205: "the server failed",
  GC1206: "the server refused the request",
  GC1207: "the server limits the rate of requests",
  GC1208: "the answer ended early or never came",
  GC1209: "not found on the server",
  GC1210: "the server reports a conflict",
  GC1301: "the admin's password was refused",
  GC1302: "the admin's password was refused before and has not changed",
  GC1303: "too many attempts to sign in",
  GC1304: "the token was refused",
  GC1305: "the permission is missing",
  GC1401: "several organizations have this name",
  GC1402: "the organization cannot be created",
  GC1403: "the server gave an address that cannot be used",
  GC1404: "the DSN was refused",
  GC1405: "the event was accepted but never stored",
  GC1406: "another run is in progress",
  GC1407: "something exists more than once",
  GC1408: "the rotation of a key cannot continue",
  GC1409: "the plan is out of date",
  GC1410: "this server does not offer what is declared",
  GC1501: "a file cannot be written",
  GC1502: "no space is left",
  GC1601: "no Docker engine answers",
  GC1602: "the engine or Compose lacks a feature",
  GC1603: "a port is taken",
  GC1604: "docker compose failed",
  GC1605: "a container could not do its part",
  GC1606: "a required program cannot be started",
  GC1607: "no image can be pinned",
  GC1608: "a test mail was not sent",
  GC1609: "a notification was not delivered",
  GC1610: "images cannot be bundled or pushed",
  GC1611: "the stack belongs to another folder or workspace",
  GC1701: "the Vault cannot be reached",
  GC1702: "the Vault refuses the sign-in or the secret",
  GC1801: "a backup could not be created",
  GC1802: "a backup did not pass its check",
  GC1803: "the backup cannot be used",
  GC1804: "the backup does not fit this stack",
  GC1805: "a restore is under way",
  GC1806: "the backup's secrets cannot be opened",
  GC1807: "the backup target cannot be used",
  GC1808: "this upgrade is not possible",
  GC1809: "an upgrade is under way",
  GC1810: "the upgrade failed and was rolled back",
  GC1901: "a mistake in glitchtip-compose itself",
  GC2001: "the request has no valid token",
  GC2002: "the token does not allow this",
  GC2003: "this target is not allowed",
  GC2004: "the request cannot be read",
  GC2005: "there is no such run or page",
  GC2006: "the run has not ended in time",
  GC2007: "the queue's engine does not answer",
  GC2008: "a run lost the lock of a server",
  GC2009: "tokens cannot be checked",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Errors that only another declaration or command line corrects. */
const DECLARATION_IS_WRONG: ReadonlySet<ErrorCode> = new Set(["GC1101", "GC1102", "GC1104", "GC1106"]);

/** Exit codes of the command line (docs/errors.md). */
export const EXIT = { done: 0, failed: 1, usage: 2, changes: 3, notReady: 4, interrupted: 130 } as const;

export interface ErrorDetail {
  /** One sentence that says what to type or change next. */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** All problems of one input, a line for each. */
  readonly problems?: readonly string[];
}

/**
 * An expected failure: what failed with its value (never a secret), what to do next, and the original error. Its texts may
 * quote a server, a file or a program; they are cleaned here, because every way to a terminal, log or JSON leads through.
 */
export class CodedError extends Error {
  static {
    // Bundled classes have names of one letter, and --debug prints the class.
    Object.defineProperty(CodedError, "name", { value: "CodedError" });
  }

  override readonly name = "CodedError";
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly problems: readonly string[];

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(cleanLine(message), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.remedy = detail.remedy === undefined ? undefined : cleanLine(detail.remedy);
    this.problems = (detail.problems ?? []).map((problem) => cleanLine(problem));
  }

  get exitCode(): number {
    if (this.code === "GC1003") return EXIT.interrupted;
    if (this.code === "GC1203") return EXIT.notReady;
    return this.code.startsWith("GC10") || DECLARATION_IS_WRONG.has(this.code) ? EXIT.usage : EXIT.failed;
  }

  toJSON(): { code: ErrorCode; message: string; remedy?: string; problems?: readonly string[] } {
    return {
      code: this.code,
      message: this.message,
      ...defined({ remedy: this.remedy, problems: this.problems.length === 0 ? undefined : this.problems }),
    };
  }
}

/** Returns true where the error or one of its causes has one of these codes, such as ENOENT. */
export function hasErrno(error: unknown, ...names: string[]): boolean {
  for (let e = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    if ("code" in e && names.includes(String(e.code))) return true;
  }
  return false;
}

/** Returns the lines that a person reads for an error; one that nobody expected comes with its stack. */
export function errorLines(error: unknown): string[] {
  if (error instanceof CodedError) {
    const { code, message, problems, remedy } = error;
    return [
      `error ${code}: ${message}`,
      ...problems.map((problem) => `  ${problem}`),
      ...(remedy === undefined ? [] : [`  → ${remedy}`]),
    ];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    "error GC1901: a mistake in glitchtip-compose itself",
    cleanText(text),
    "  → Please report it where you got glitchtip-compose, with the file of: npx glitchtip-compose doctor --bundle report.json",
  ];
}
