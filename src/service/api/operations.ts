import { finished } from "node:stream";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import * as z from "zod/mini";
import { defined } from "../../base/defined.ts";
import { maySee, requireScope } from "../auth.ts";
import { QUEUE_NAMES } from "../engine.ts";
import { isFinal } from "../run-store.ts";
import type { ServerStates } from "../server-states.ts";
import { callerOf } from "./callers.ts";
import type { ApiContext } from "./context.ts";
import { unknownRun } from "./errors.ts";
import { isVisible } from "./runs.ts";
import { brokenSchema, errorsOf, idSchema, registeredSchema } from "./schemas.ts";

export interface HealthContext extends Pick<ApiContext, "engine" | "metrics" | "registry"> {
  readonly states: ServerStates;
  /** What this process does, for /health/ready. */
  readonly roles: readonly string[];
}

const healthSchema = z.object({
  status: z.enum(["healthy", "unhealthy"]),
  roles: z.array(z.string()),
  components: z.record(z.string(), z.enum(["healthy", "unhealthy"])),
});

/** Health and metrics, which every process of the service answers without a token. */
export const healthRoutes =
  (context: HealthContext): FastifyPluginCallbackZod =>
  (app, _, done) => {
    const { engine, metrics, registry, roles } = context;
    app.get(
      "/health/live",
      {
        schema: {
          operationId: "live",
          summary: "The process runs",
          security: [],
          response: { 200: z.object({ status: z.string() }) },
        },
      },
      async () => ({ status: "healthy" }),
    );
    app.get(
      "/health/ready",
      {
        schema: {
          operationId: "ready",
          summary: "The process can do its work",
          security: [],
          response: { 200: healthSchema, 503: healthSchema },
        },
      },
      async (__, reply) => {
        const queue = await engine.ping().then(
          () => true,
          () => false,
        );
        const declarations = registry.read().servers.length > 0 || registry.read().broken.length === 0;
        const word = (ok: boolean) => (ok ? ("healthy" as const) : ("unhealthy" as const));
        const components = { queue: word(queue), declarations: word(declarations) };
        return await reply
          .status(queue && declarations ? 200 : 503)
          .send({ status: word(queue && declarations), roles: [...roles], components });
      },
    );
    app.get("/metrics", { schema: { hide: true } }, async (__, reply) => {
      await measure(context);
      return await reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    });
    done();
  };

/** Reads what is known to all processes: the queues and the states of servers. Without the engine they stay as they were. */
async function measure({ engine, metrics, registry, states }: HealthContext): Promise<void> {
  const { servers, broken } = registry.read();
  metrics.broken.set(broken.length);
  try {
    for (const name of QUEUE_NAMES) {
      const counts = await engine.queues[name].getJobCounts("waiting", "active", "delayed");
      for (const [state, count] of Object.entries(counts)) metrics.queued.set({ queue: name, state }, count);
    }
    const known = await states.all();
    metrics.drift.reset();
    for (const { desired } of servers) {
      const state = known[desired.name];
      if (state) metrics.drift.set({ server: desired.name }, state.status === "failed" ? -1 : state.drift);
    }
  } catch {
    // /health/ready says that the engine is away.
  }
}

/** One event of the stream; `data` is JSON. */
const stepSchema = z.object({ event: z.enum(["status", "action", "end"]), data: z.string() });

/** The registered servers, and the steps of a run as they happen. */
export const serverRoutes =
  (context: ApiContext & HealthContext): FastifyPluginCallbackZod =>
  (app, _, done) => {
    app.get(
      "/api/v1/servers",
      {
        schema: {
          operationId: "listServers",
          summary: "The registered servers with their last plan, and the declarations that cannot be used",
          response: {
            200: z.object({ servers: z.array(registeredSchema), broken: z.array(brokenSchema) }),
            ...errorsOf(401, 403, 503),
          },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        requireScope(caller, "plan");
        const { servers, broken } = context.registry.read();
        const states = await context.states.all();
        const visible = servers.filter(({ desired }) => maySee(caller, desired.name));
        return {
          servers: visible.map(({ file, desired: { name, url } }) => {
            const state = states[name];
            return {
              name,
              file,
              ...defined({ url, planned_at: state && new Date(state.plannedAtMs).toISOString() }),
              status: state?.status ?? ("unknown" as const),
              drift: state?.drift ?? 0,
              errors: [...(state?.errors ?? [])],
            };
          }),
          broken: broken.map(({ file, error: { code, message, problems } }) => ({
            file,
            code,
            message,
            problems: [...problems],
          })),
        };
      },
    );
    app.get(
      "/api/v1/runs/:id/events",
      {
        schema: {
          operationId: "followRun",
          summary: "The steps of a run as server-sent events",
          params: idSchema,
          response: {
            200: { description: "status, action … and end", content: { "text/event-stream": { schema: stepSchema } } },
            ...errorsOf(401, 403, 404, 422, 503),
          },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const { id } = request.params;
        const record = await context.runs.get(id);
        if (record === undefined || !isVisible(caller, record)) throw unknownRun();
        reply.hijack();
        const { raw } = reply;
        raw.writeHead(200, {
          "content-type": "text/event-stream; charset=utf-8",
          "cache-control": "no-store",
          "x-request-id": request.id,
        });
        const write = (event: string, data: object) => raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
        const end = async () => {
          unfollow();
          const last = await context.runs.get(id);
          write("end", { status: last?.state ?? "failed" });
          raw.end();
        };
        // A token may be revoked or expire meanwhile. The steps keep their order.
        let told = Promise.resolve();
        const unfollow = context.waiters.follow(id, (step) => {
          told = told
            .then(async () => {
              await context.auth.identify(request.headers.authorization);
              if (step === undefined) await end();
              else write("action", step);
            })
            .catch(() => void raw.destroy());
        });
        finished(raw, unfollow);
        write("status", { status: record.state });
        const now = await context.runs.get(id);
        if (now === undefined || isFinal(now)) await end();
      },
    );
    done();
  };
