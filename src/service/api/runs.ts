import { randomUUID } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import * as z from "zod/mini";
import { linkSignals } from "../../base/abort.ts";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { type Caller, maySee, requireScope, requireServers } from "../auth.ts";
import { chosenServers } from "../registry.ts";
import { isFinal, type RunRecord } from "../run-store.ts";
import { submit } from "../runs.ts";
import { callerOf } from "./callers.ts";
import type { ApiContext } from "./context.ts";
import { unknownRun } from "./errors.ts";
import {
  acceptedSchema,
  askSchema,
  errorsOf,
  freshSchema,
  idSchema,
  limitSchema,
  runSchema,
  timeoutSchema,
} from "./schemas.ts";

const ERRORS = [400, 401, 403, 404, 408, 413, 415, 422, 503] as const;

/** Plans and applies of registered servers, and their runs. */
export const runRoutes =
  (context: ApiContext): FastifyPluginCallbackZod =>
  (app, _, done) => {
    for (const kind of ["plan", "apply"] as const) {
      app.post(
        `/api/v1/${kind}`,
        {
          schema: {
            operationId: kind,
            summary: kind === "plan" ? "What apply would change on registered servers" : "Apply what is declared",
            body: askSchema,
            querystring: freshSchema,
            response: { 202: acceptedSchema, ...errorsOf(...ERRORS) },
          },
        },
        async (request, reply) => {
          const caller = callerOf(request);
          requireScope(caller, kind);
          const { servers, strict } = request.body;
          requireServers(caller, servers);
          const chosen = chosenServers(context.registry.read(), servers).map(({ desired }) => desired.name);
          const names = servers.length === 0 ? chosen.filter((name) => maySee(caller, name)) : chosen;
          const record = await submit(context, {
            id: runId(request),
            kind,
            subject: caller.subject,
            servers: names,
            strict,
            fresh: request.query.fresh === "true",
            content: [JSON.stringify([names.toSorted(), strict])],
          });
          return accepted(request, reply, record, `/api/v1/runs/${record.id}`);
        },
      );
    }
    app.get(
      "/api/v1/runs",
      {
        schema: {
          operationId: "listRuns",
          summary: "Your runs and those of the watch, the newest first",
          querystring: limitSchema,
          response: { 200: z.object({ runs: z.array(runSchema) }), ...errorsOf(401, 403, 422, 503) },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        requireScope(caller, "plan");
        const all = await context.runs.list(200);
        const own = all.filter((record) => isVisible(caller, record)).slice(0, Number(request.query.limit));
        return { runs: own.map(shownRun) };
      },
    );
    app.get(
      "/api/v1/runs/:id",
      {
        schema: {
          operationId: "getRun",
          summary: "A run and its report; with timeout, once it has ended",
          params: idSchema,
          querystring: timeoutSchema,
          response: { 200: runSchema, ...errorsOf(401, 403, 404, 408, 422, 503) },
        },
      },
      async (request) => shownRun(await awaitedRun(context, request, request.params.id, request.query.timeout)),
    );
    done();
  };

/** The id of the run is the request's, unless the client gave one of its own. */
export const runId = (request: FastifyRequest): string =>
  request.headers["x-request-id"] === undefined ? request.id : randomUUID();

export function accepted(request: FastifyRequest, reply: FastifyReply, { id, state }: RunRecord, path: string) {
  request.log.info({ run: id, state }, "run accepted");
  void reply.status(202).header("location", path);
  return { id, status: state, status_url: path };
}

/** Returns the caller's run; with a timeout, once it has ended. Throws GC2005 for an unknown one and for somebody else's. */
export async function awaitedRun(
  { auth, runs, waiters }: ApiContext,
  request: FastifyRequest,
  id: string,
  timeout: string | undefined,
): Promise<RunRecord> {
  const record = await runs.get(id);
  if (record === undefined || !isVisible(callerOf(request), record)) throw unknownRun();
  if (timeout === undefined || isFinal(record)) return record;
  using gone = linkSignals([]);
  const onClose = () => gone.abort();
  request.raw.socket.once("close", onClose);
  const ended = await waiters.wait(id, Number(timeout) * 1_000, gone.signal);
  request.raw.socket.removeListener("close", onClose);
  // A token may be revoked or expire meanwhile.
  await auth.identify(request.headers.authorization);
  if (ended !== undefined && isFinal(ended)) return ended;
  throw new CodedError("GC2006", `Task still pending after ${timeout}s`, {
    remedy: "Ask again; the run goes on.",
  });
}

export const isVisible = (caller: Caller, { subject, servers }: RunRecord): boolean =>
  subject === null ? servers.every((name) => maySee(caller, name)) : subject === caller.subject;

const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

export const shownRun = ({ id, kind, state, reason, servers, report, error, ...times }: RunRecord) => ({
  id,
  kind,
  status: state,
  servers: [...servers],
  created_at: new Date(times.createdAtMs).toISOString(),
  ...defined({ reason, started_at: iso(times.startedAtMs), finished_at: iso(times.finishedAtMs) }),
  // The report is plain data; the types of its lists are read-only.
  ...defined({ report, error } as { report: never; error: never }),
});
