import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { defined } from "../../base/defined.ts";
import { CodedError, type ErrorCode } from "../../base/errors.ts";

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  GC1001: 422,
  GC1101: 422,
  GC2001: 401,
  GC2002: 403,
  GC2003: 403,
  GC2004: 422,
  GC2005: 404,
  GC2006: 408,
  GC2007: 503,
  GC2009: 503,
};

/** The errors of Fastify that a client causes, as ours. */
function ours(error: FastifyError): { readonly status: number; readonly error: CodedError } | undefined {
  if (error.validation !== undefined) {
    const problems = error.validation.map(({ instancePath, message }) => {
      const path = [error.validationContext, ...instancePath.split("/")].filter(Boolean).join(".");
      return `${path}: ${message ?? "is wrong"}`;
    });
    return { status: 422, error: wrong("the request does not match the schema", "See /openapi.json.", problems) };
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return { status, error: wrong("the body is too large", "Split the request into several.") };
  if (status === 415) return { status, error: wrong("the body is not JSON", "Send content-type: application/json.") };
  if (status >= 400 && status < 500) return { status, error: wrong(error.message, "Send a JSON object.") };
  return undefined;
}

const wrong = (message: string, remedy: string, problems?: readonly string[]): CodedError =>
  new CodedError("GC2004", message, { remedy, ...defined({ problems }) });

/** Answers a failed request: its status, code and remedy. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof CodedError) {
    return send(request, reply, error, STATUS[error.code] ?? 500);
  }
  const known = ours(error as FastifyError);
  if (known !== undefined) return send(request, reply, known.error, known.status);
  request.log.error({ err: error }, "a request failed");
  return send(request, reply, new CodedError("GC1901", "a mistake in glitchtip-compose itself"), 500);
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, reason: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large", "the headers of the request are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout", "the request came too slowly"],
};

/** Answers what is no request of HTTP, or does not come to its end, and closes the connection. */
export function answerClientError({ code = "" }: Error & { readonly code?: string }, socket: Socket): void {
  if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const [status, reason, message] = CLIENT_ERRORS[code] ?? [400, "Bad Request", "this is no HTTP request"];
  const error = wrong(message, "Correct the client.");
  const body = JSON.stringify({ ...error.toJSON(), detail: message, request_id: randomUUID() });
  const head = `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json; charset=utf-8`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
}

function send(request: FastifyRequest, reply: FastifyReply, error: CodedError, status: number): FastifyReply {
  if (status === 401) reply.header("www-authenticate", 'Bearer realm="glitchtip-compose", error="invalid_token"');
  if (status === 503) reply.header("retry-after", "5");
  return reply
    .status(status)
    .type("application/json; charset=utf-8")
    .send(
      JSON.stringify({
        ...error.toJSON(),
        detail: error.message,
        ...(status === 422 ? { type: "RequestValidationError" } : {}),
        request_id: request.id,
      }),
    );
}

export const unknownRun = (): CodedError =>
  new CodedError("GC2005", "there is no such run or page", {
    remedy: "GET /api/v1/runs lists your runs of the last day; /openapi.json describes the API.",
  });
