import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { systemClock } from "../base/wait.ts";
import { type Incoming, parseCookies } from "./call.ts";
import { dispatch } from "./dispatch.ts";
import { actsFirst, deliver, type Faults, replacedReply } from "./faults.ts";
import type { RequestRecord } from "./options.ts";
import { type Reply, serverErrorPage } from "./reply.ts";
import type { Service } from "./start.ts";
import type { Store } from "./state.ts";
import type { World } from "./world.ts";

interface ServerOptions {
  readonly world: World;
  readonly store: Store;
  readonly host: string;
  readonly port: number;
  readonly faults?: Faults;
  readonly service?: Service;
  /** Closes each connection after its answer, as uWSGI does up to 5.2 (docs/glitchtip-facts.md): with a header for it, or without. */
  readonly closes?: "openly" | "silently";
  record?(request: RequestRecord): void;
}

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves GlitchTip's API over node:http. */
export async function listen(options: ServerOptions): Promise<RunningServer> {
  const closing = new WeakSet<Socket>();
  const server = createServer((request, response) => {
    const { socket } = request;
    if (closing.has(socket)) return void socket.resetAndDestroy();
    if (options.closes === "openly") response.setHeader("connection", "close");
    if (options.closes === "silently") {
      response.once("finish", () => {
        closing.add(socket);
        setTimeout(() => socket.destroy(), SILENT_MS).unref();
      });
    }
    serve(request, response, options).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

/** For this long a request may be sent on a connection that is closed silently; it is reset. */
const SILENT_MS = 20;

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ServerOptions): Promise<void> {
  const { world, store, faults, record, service = (work) => work() } = options;
  const method = request.method ?? "GET";
  const target = request.url ?? "/";
  const unread = await refusedUnread(request, method, target, options);
  if (unread !== undefined) {
    record?.({ method, path: masked(target), status: unread.status });
    response.setHeader("connection", "close");
    await deliver(response, unread, undefined, systemClock);
    response.once("finish", () => request.destroy());
    return;
  }
  const incoming = read(request, method, target, await bodyOf(request));
  const effect = faults?.hit(method, target);
  const asked: Incoming = effect?.kind === "half-done" ? { ...incoming, halfDone: true } : incoming;
  const real = !effect || actsFirst(effect) ? await service(async () => dispatch(asked, world, store)) : undefined;
  const replaced: Reply | undefined = replacedReply(effect, target, request.headers.host ?? "localhost");
  const reply = replaced ?? real ?? serverErrorPage();
  const status = effect?.kind === "reset" || effect?.kind === "hang" ? 0 : reply.status;
  // Recorded before the answer is written, so that a client that has its answer finds the request in the record.
  record?.({ method, path: masked(target), status });
  await deliver(response, reply, effect, systemClock);
}

const masked = (target: string): string => target.replace(/((?:sentry|glitchtip)_key=)[^&]*/g, "$1…");

/** A body of more bytes is on its way while the answer may be there already. */
const LARGE_BYTES = 1_000_000;

/** Returns the answer to a large request that needs no body to be refused. */
async function refusedUnread(
  request: IncomingMessage,
  method: string,
  target: string,
  { world, store }: ServerOptions,
): Promise<Reply | undefined> {
  const length = Number(request.headers["content-length"] ?? 0);
  if (length <= LARGE_BYTES || !world.has("answersUnread")) return undefined;
  const reply = await dispatch(read(request, method, target, Buffer.alloc(0)), world, store);
  return [401, 403, 404, 405].includes(reply.status) ? reply : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function read(request: IncomingMessage, method: string, target: string, body: Buffer): Incoming {
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const search = mark < 0 ? "" : target.slice(mark + 1);
  return {
    method,
    path: decoded(rawPath),
    search,
    query: new URLSearchParams(search),
    headers: request.headers,
    cookies: parseCookies(request.headers.cookie),
    body,
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
