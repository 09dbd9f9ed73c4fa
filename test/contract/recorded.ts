import { readdirSync, readFileSync } from "node:fs";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { Clock } from "../../src/base/wait.ts";
import type { Transport, TransportRequest } from "../../src/glitchtip/transport.ts";
import type { HttpAnswer, HttpMethod } from "../../src/http/http.ts";
import { RECORDED } from "./scenario.ts";

export const BASE_URL = "http://server:8000";
export const TOKEN = "d".repeat(64);

export interface Recorded {
  readonly scenario: string;
  readonly step: string;
  readonly method: HttpMethod;
  /** The path without the query. */
  readonly path: string;
  readonly sent: unknown;
  readonly answer: HttpAnswer & { readonly body: unknown };
}

/** Real values for the masks of a recording. A mask that is missing here was saved from an id or a slug. */
const UNMASKED: Readonly<Record<string, string>> = {
  "<datetime>": "2026-11-21T09:00:00.123456Z",
  "<uuid>": "0f8fad5b-d9cb-469f-a165-70867728950e",
  "<hex32>": "0f8fad5bd9cb469fa16570867728950e",
  "<hex64>": TOKEN,
  "<cookie>": "c00c1e",
  "{{origin}}": BASE_URL,
  "{{host}}": "server:8000",
  "{{acme2}}": "acme-o9",
  "{{ci}}": TOKEN,
  "{{ci2}}": TOKEN,
};

const unmasked = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value ?? null).replace(
      /<(?:datetime|uuid|hex32|hex64|cookie)>|\{\{\w+\}\}/g,
      (mask) => UNMASKED[mask] ?? (/key/i.test(mask) ? UNMASKED["<uuid>"] : undefined) ?? mask.slice(2, -2),
    ),
  );

/** Restores lists of more than 40 items, of which a recording has the first and the last item. */
function whole(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("$length" in body)) return body;
  const { $length, $first, $last } = body as { $length: number; $first: unknown; $last: unknown };
  return Array.from({ length: $length }, (_, i) => (i === $length - 1 ? $last : $first));
}

interface RecordingFile {
  readonly scenario: string;
  readonly exchanges: readonly {
    readonly step: string;
    readonly request: { readonly method: HttpMethod; readonly path: string; readonly body?: unknown };
    readonly response: {
      readonly status: number;
      readonly headers: Record<string, string | string[]>;
      readonly body: unknown;
    };
  }[];
}

function recordedBy(generation: string): Recorded[] {
  const folder = new URL(`recordings/${generation}/`, import.meta.url);
  return readdirSync(folder).flatMap((file) => {
    const { scenario, exchanges }: RecordingFile = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    return exchanges.map(({ step, request, response }) => {
      const { headers, status } = response;
      const body = whole(unmasked(response.body));
      return {
        scenario,
        step,
        method: request.method,
        path: unmasked(request.path).replace(/\?.*/, ""),
        sent: request.body,
        answer: {
          status,
          headers: unmasked(headers),
          body,
          text: typeof body === "string" ? body : JSON.stringify(body),
        },
      };
    });
  });
}

export const RECORDINGS = RECORDED.map((generation) => ({ generation, recorded: recordedBy(generation) }));

/** Returns a transport that answers the recorded request as recorded, and the requests around it with a success. */
export function answering({ method, path, answer }: Recorded) {
  const sent: TransportRequest[] = [];
  const json = { "content-type": "application/json" };
  const transport: Transport = {
    baseUrl: BASE_URL,
    async send(request) {
      sent.push(request);
      const asked = request.path.replace(/\?.*/, "");
      if (request.method === method && withSlash(asked) === withSlash(path)) {
        const next = request.path.includes("cursor=");
        return next ? { status: 200, headers: json, text: "[]" } : answer;
      }
      const cookies = { ...json, "set-cookie": ["csrftoken=c00c1e; Path=/", "sessionid=5e55; Path=/"] };
      return { status: 200, headers: cookies, text: '{"status":200,"meta":{"is_authenticated":true}}' };
    },
    async close() {},
  };
  return { transport, sent };
}

export const withSlash = (path: string): string => path.replace(/([^/])$/, "$1/");

/** Returns a clock that advances only while somebody waits. */
export function clockOf(): Clock {
  let now = 0;
  return {
    now: () => now,
    async sleep(ms) {
      now += ms;
    },
  };
}

export type Row = Readonly<Record<string, unknown>>;
export const id = (row: Row) => String(row.id);
export const only = (row: Row, ...names: string[]) =>
  Object.fromEntries(names.filter((name) => name in row).map((name) => [name, row[name]]));
export const each = (one: (row: Row) => unknown) => (body: Row[]) => body.map(one);
export const nothing = () => undefined;

const SIGN_IN_CODES: readonly (readonly [string, ErrorCode])[] = [
  ["email_password_mismatch", "GC1301"],
  ["too_many_login_attempts", "GC1303"],
];

/** Returns the error code that the client has to report for a refusal. It is derived independently of the client. */
export function expectedCode(name: string | undefined, { status, text, headers }: HttpAnswer): ErrorCode {
  const signIn = name === "sign in" ? SIGN_IN_CODES.find(([reason]) => text.includes(reason)) : undefined;
  if (signIn !== undefined) return signIn[1];
  if (name === "settings" && status >= 500) return "GC1203";
  if (name === "envelope" && (status === 401 || status === 403)) return "GC1404";
  if (status === 403 && text.includes("CSRF check Failed")) return "GC1304";
  if (status === 403 && !String(headers["content-type"]).includes("json")) return "GC1206";
  if (status >= 300 && status < 400) return "GC1204";
  if (status >= 500) return "GC1205";
  const codes: Record<number, ErrorCode> = { 401: "GC1304", 403: "GC1305", 404: "GC1209", 409: "GC1210" };
  return codes[status] ?? "GC1206";
}

/** Returns a part of the server's message that our message has to contain; empty if there is none. */
export function ownWords({ body, text }: Recorded["answer"]): string {
  if (typeof body === "string") return /<title>(.*?)<\/title>/.exec(text)?.[1] ?? body;
  const { detail, errors } = body as { detail?: unknown; errors?: { message: string }[] };
  if (errors !== undefined) return errors[0]?.message ?? "";
  if (typeof detail === "string") return detail;
  const [first] = (detail ?? []) as { msg?: string; loc?: string[]; scopes?: string }[];
  return first?.msg?.slice(0, 150) ?? first?.scopes ?? "";
}
