import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import type { ApiContext } from "./context.ts";

export const compatRoutes =
  (_context: ApiContext): FastifyPluginCallbackZod =>
  (_app, _, done) => done();
