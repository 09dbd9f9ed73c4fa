import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { requireScope, requireServers } from "../auth.ts";
import { compatProblems } from "../compat.ts";
import { compatSchema } from "../compat-schema.ts";
import type { RunRecord } from "../run-store.ts";
import { type SealedBody, submit } from "../runs.ts";
import type { Seal } from "../seal.ts";
import { callerOf } from "./callers.ts";
import { type CompatBody, compatValidatorCompiler, readCompatBodies } from "./compat-body.ts";
import type { ApiContext } from "./context.ts";
import { accepted, awaitedRun, runId } from "./runs.ts";
import { acceptedSchema, changeSchema, errorsOf, freshSchema, idSchema, timeoutSchema } from "./schemas.ts";

const PATH = "/api/v1/integrations/glitchtip-project-alerts/reconcile";

const actionSchema = z.object({
  action_type: z.enum(["create", "update", "delete"]),
  instance: z.string(),
  organization: z.string(),
  project: z.string(),
  alert_name: z.string(),
  changes: z.array(changeSchema),
});

const resultSchema = z.object({
  status: z.enum(["pending", "success", "failed", "skipped"]),
  reason: z.optional(z.string()),
  actions: z.array(actionSchema),
  applied_actions: z.array(actionSchema),
  applied_count: z.int(),
  errors: z.array(z.string()),
  /** Organizations and projects that are not there, and deletions that are left to a person. */
  warnings: z.array(z.string()),
});

/** The API of qontract-api's glitchtip-project-alerts, for clients that bring their own servers. */
export const compatRoutes =
  (context: ApiContext): FastifyPluginCallbackZod =>
  (app, _, done) => {
    readCompatBodies(app);
    app.post(
      PATH,
      {
        validatorCompiler: compatValidatorCompiler,
        schema: {
          operationId: "reconcileProjectAlerts",
          summary: "Plans the alerts of projects on servers that the request states; with dry_run: false, applies them",
          body: compatSchema,
          querystring: freshSchema,
          response: { 202: acceptedSchema, ...errorsOf(400, 401, 403, 413, 415, 422, 503) },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const { bytes, outline } = request.body as unknown as CompatBody;
        const { isDry, instances } = outline;
        const kind = isDry ? "plan" : "apply";
        requireScope(caller, kind);
        const problems = compatProblems(instances);
        if (problems.length > 0) {
          throw new CodedError("GC2004", "the request cannot be used", {
            problems,
            remedy: "Correct each of them.",
          });
        }
        const names = instances.map(({ name }) => name);
        requireServers(caller, names);
        const { targets, seal } = context;
        const refused = targets?.problems(caller.subject, instances) ?? ["the service was started without --compat"];
        if (seal === undefined || refused.length > 0) {
          throw new CodedError("GC2003", "the request names targets that are not allowed", {
            problems: refused,
            remedy: "Allow them in the file of --compat, or declare these servers and send POST /api/v1/plan.",
          });
        }
        const record = await submit(context, {
          id: runId(request),
          kind,
          subject: caller.subject,
          servers: names,
          strict: false,
          fresh: request.query.fresh === "true",
          body: sealedBody(seal, bytes),
          content: bytes,
        });
        // A client of the original learns of a duplicate by asking for the result.
        return { ...accepted(request, reply, record, `${PATH}/${record.id}`), status: "pending" as const };
      },
    );
    app.get(
      `${PATH}/:id`,
      {
        schema: {
          operationId: "projectAlertsResult",
          summary: "The result of a run; with timeout, once it has ended",
          params: idSchema,
          querystring: timeoutSchema,
          response: { 200: resultSchema, ...errorsOf(401, 403, 404, 408, 422, 503) },
        },
      },
      async (request) => resultOf(await awaitedRun(context, request, request.params.id, request.query.timeout)),
    );
    done();
  };

/**
 * A piece of a body in the engine is at most a chunk larger than this. Large buffers outlive the young generation of the heap,
 * and collecting them costs more than all else that a request does (docs/speed.md).
 */
const PIECE_BYTES = 50_000;

function sealedBody(seal: Seal, bytes: readonly Buffer[]): SealedBody {
  const pieces: Buffer[][] = [];
  let left = 0;
  for (const chunk of bytes) {
    if (left <= 0) {
      pieces.push([]);
      left = PIECE_BYTES;
    }
    pieces.at(-1)?.push(chunk);
    left -= chunk.length;
  }
  return { pieces: pieces.length, seal: (nth) => seal.seal(...(pieces[nth] ?? [])) };
}

function resultOf({ state, reason, report, error }: RunRecord): z.infer<typeof resultSchema> {
  const shown = (all: NonNullable<typeof report>["actions"] = []) =>
    all.map(({ action_type, instance, organization, project = "", alert_name = "", changes }) => ({
      action_type,
      instance,
      organization,
      project,
      alert_name,
      changes: changes as never,
    }));
  return {
    status: state === "running" ? "pending" : state,
    ...(reason && { reason }),
    actions: shown(report?.actions),
    applied_actions: shown(report?.applied_actions),
    applied_count: report?.applied_count ?? 0,
    warnings: (report?.warnings ?? []).map(({ instance, message }) => `${instance}: ${message}`),
    errors: [
      ...(report?.errors ?? []),
      ...(error ? [[`${error.code}: ${error.message}`, ...(error.problems ?? [])].join("; ")] : []),
    ],
  };
}
