/** What a program may use of glitchtip-compose; the command line is the product, this is its arithmetic. */

export type { ErrorCode } from "./base/errors.ts";
export { CodedError, ERROR_CODES } from "./base/errors.ts";
export type { DsnParts } from "./glitchtip/dsn.ts";
export { composeDsn, parseDsn } from "./glitchtip/dsn.ts";
