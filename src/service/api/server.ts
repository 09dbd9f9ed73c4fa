import { randomUUID } from "node:crypto";
import swagger from "@fastify/swagger";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { BODY_LIMIT_BYTES, readGzip, readJson } from "./body.ts";
import { identifyCallers } from "./callers.ts";
import { compatRoutes } from "./compat.ts";
import type { ApiContext } from "./context.ts";
import { answerClientError, answerError, unknownRun } from "./errors.ts";
import { type HealthContext, healthRoutes, serverRoutes } from "./operations.ts";
import { PAGE, PAGE_POLICY } from "./page.ts";
import { runRoutes } from "./runs.ts";

export interface HttpServerOptions {
  readonly health: HealthContext;
  /** Undefined in a process without the role of the API. */
  readonly api: (ApiContext & HealthContext) | undefined;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
}

/** A request id of a client that is kept. */
const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** A client that sends its request more slowly is cut off. */
const REQUEST_WITHIN_MS = 120_000;

/** Builds the HTTP server of one process. It does not listen yet. */
export async function openHttpServer({ health, api, version, logger }: HttpServerOptions): Promise<FastifyInstance> {
  const app = fastify({
    // Fastify says at this level on which interfaces it listens; the service has a line of its own for it.
    loggerInstance: logger.child({}, { level: "warn" }),
    childLoggerFactory: (_, bindings, options) => logger.child(bindings, options),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_WITHIN_MS,
    // A path that cannot be decoded.
    frameworkErrors: (_, request, reply) => answerError(unknownRun(), request, withHeaders(request, reply)),
    clientErrorHandler: answerClientError,
    // A long id is answered by its own description, as 422.
    routerOptions: { maxParamLength: 16_384 },
    genReqId({ headers }) {
      const given = headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.setNotFoundHandler((request, reply) => answerError(unknownRun(), request, reply));
  app.addHook("onRequest", async (request, reply) => void withHeaders(request, reply));
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    const { statusCode: status, elapsedTime } = reply;
    health.metrics.requests.observe({ method: request.method, route, status: String(status) }, elapsedTime / 1_000);
    if (route.startsWith("/health") || route === "/metrics") return;
    request.log.info({ method: request.method, route, status, ms: Math.round(elapsedTime) }, "answered");
  });
  readGzip(app);
  readJson(app);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "glitchtip-compose", description: "Plans and applies declarations on many GlitchTips.", version },
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(healthRoutes(health));
  if (api !== undefined) {
    await app.register(async (protectedRoutes) => {
      identifyCallers(protectedRoutes, api.auth);
      for (const routes of [runRoutes(api), serverRoutes(api), compatRoutes(api)])
        await protectedRoutes.register(routes);
    });
    app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
    app.get("/docs", { schema: { hide: true } }, async (_, reply) =>
      reply.type("text/html; charset=utf-8").header("content-security-policy", PAGE_POLICY).send(PAGE),
    );
    app.get("/", { schema: { hide: true } }, async (_, reply) => reply.redirect("docs"));
  }
  return app;
}

const withHeaders = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply
    .header("x-request-id", request.id)
    .header("x-content-type-options", "nosniff")
    .header("cache-control", "no-store");
